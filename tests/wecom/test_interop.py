"""WeCom's own npm package and our reader agree both ways."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.wecom.test_callbacks import ADD, AES_KEY, CORP, TOKEN, crypto, envelope, seal, sign
from wecom.jssdk import sign as sign_page

ROOT = Path(__file__).resolve().parents[2]
FILLED = [f"<xml><Content>{'x' * length}</Content></xml>" for length in range(34)]  # every length around a block
MESSAGES = [ADD, "<xml><Content>中文和 😊 ‏عربي</Content></xml>", *FILLED]
PAGE: dict[str, Any] = {
    "url": "https://shop.example/sidebar?x=中",
    "ticket": "t" * 80,
    "nonceStr": "abc",
    "timestamp": 1767225600,
}


@pytest.fixture(scope="module")
def official():
    """What @wecom/crypto makes of our messages, and reads in what wechatpy sealed for us."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "@wecom" / "crypto").is_dir():
        pytest.skip("node and `npm ci` with the development packages are needed")
    asked = {"token": TOKEN, "key": AES_KEY, "corp": CORP, "timestamp": "1", "nonce": "n", "page": PAGE}
    asked |= {"encrypt": MESSAGES, "decrypt": [seal(message) for message in MESSAGES]}
    script = Path(__file__).with_name("interop.cjs")
    ran = subprocess.run([node, script], input=json.dumps(asked), capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return asked, json.loads(ran.stdout)


@pytest.mark.node
def test_we_open_what_the_official_package_sealed(official):
    _, answered = official

    for message, sealed in zip(MESSAGES, answered["sealed"], strict=True):
        event = crypto.open(
            envelope(sealed["encrypted"]).encode(), msg_signature=sealed["signature"], timestamp="1", nonce="n"
        )
        assert event.xml.decode() == message


@pytest.mark.node
def test_the_official_package_agrees_on_what_we_accept(official):
    asked, answered = official

    for message, encrypted, opened in zip(MESSAGES, asked["decrypt"], answered["opened"], strict=True):
        assert opened == {"message": message, "id": CORP, "signature": sign(encrypted)}
        event = crypto.open(envelope(encrypted).encode(), msg_signature=opened["signature"], timestamp="1", nonce="n")
        assert event.xml.decode() == message


@pytest.mark.node
def test_we_sign_a_page_as_the_official_package_does(official):
    _, answered = official

    assert sign_page(PAGE["ticket"], PAGE["nonceStr"], PAGE["timestamp"], PAGE["url"]) == answered["page"]
