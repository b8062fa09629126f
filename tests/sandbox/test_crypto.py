"""The envelope against the published vectors and against Tencent's own library."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox import credentials, crypto
from tests.sandbox.nodejs import run_script

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ENCRYPTED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3"
    "TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gs"
    "ijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUa"
    "x5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
    "HBZZIs2pDBS8R07+qN+E7Q=="
)
TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
TEXTS = ["ascii", "中文和🌷", "a" * 8, "b" * 31, "c" * 32, ""]


def test_the_published_envelope_has_the_published_signature_and_content():
    sign = crypto.signature("QDG6eK", "1409659813", "1372623149", ENCRYPTED)
    message, receiver = crypto.decrypt(KEY, ENCRYPTED)

    assert sign == "477715d11cdb4164915debcba66cb864d751f3e6"
    assert len(message.encode()) == 284
    assert receiver == "wx5823bf96d3bd56c7"
    assert "hello" in message


def test_the_published_page_address_has_the_published_signature():
    sign = crypto.js_signature(TICKET, "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value")

    assert sign == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


@pytest.mark.parametrize("text", TEXTS)
def test_padding_goes_to_blocks_of_32(text):
    encrypted = crypto.encrypt(KEY, text, "ww1")

    key = base64.b64decode(KEY + "=")
    padded = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor().update(base64.b64decode(encrypted))
    assert 1 <= padded[-1] <= 32
    assert len(padded) % 32 == 0
    assert crypto.decrypt(KEY, encrypted) == (text, "ww1")


@pytest.mark.parametrize("junk", ["", "junk", "AAAA", base64.b64encode(b"\0" * 64).decode()])
def test_junk_is_not_deciphered(junk):
    with pytest.raises(crypto.Undecipherable):
        crypto.decrypt(KEY, junk)


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_gives_a_key_of_43_letters_and_digits_for_32_bytes(seed):
    corp = credentials.from_seed(seed)

    key = base64.b64decode(corp.callback_aes_key + "=", validate=True)
    assert len(key) == 32
    assert base64.b64encode(key).decode() == corp.callback_aes_key + "="
    assert corp.callback_aes_key.isalnum()
    assert (corp.corp_id[:2], len(corp.corp_id), len(corp.callback_token)) == ("ww", 18, 24)


def test_tencents_own_library_reads_what_we_write_and_we_read_what_it_writes():
    ours = [crypto.encrypt(KEY, text, "ww1") for text in TEXTS]

    told = run_script("wecom_crypto.cjs", {"key": KEY, "token": "QDG6eK", "texts": TEXTS, "encrypted": ours})

    assert told["messages"] == TEXTS
    assert told["signatures"] == [crypto.signature("QDG6eK", "1", "2", one) for one in ours]
    assert [crypto.decrypt(KEY, one)[0] for one in told["encrypted"]] == TEXTS
