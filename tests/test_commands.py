"""The command line, verb by verb, as an administrator types it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

import commands
from app import create_app
from config import Settings
from models import Audit, OneTimeLink, Product, Shop, SigningKey
from runtime import ROOT
from tests.journeys.test_demo import eventually, free_ports

VERBS = (
    "connect", "demo", "doctor", "import-orders", "import-products", "migrate", "parcel-link", "replay", "run-job",
    "sandbox", "serve", "shop", "show-config", "sign-in-link", "sync", "webhook", "work",
)  # fmt: skip


@pytest.fixture
def environ(settings: Settings) -> dict[str, str]:
    """What an administrator would set: the test's database and corp."""
    wecom = settings.wecom
    return {
        "HUITOU_DATABASE__URL": settings.database.url,
        "HUITOU_SECURITY__MASTER_KEY_FILE": settings.security.master_key_file,
        "HUITOU_WECOM__CORP_ID": wecom.corp_id,
        "HUITOU_WECOM__AGENT_ID": str(wecom.agent_id),
        "HUITOU_WECOM__SECRET": wecom.secret.get_secret_value(),
        "HUITOU_WECOM__CALLBACK_TOKEN": wecom.callback_token.get_secret_value(),
        "HUITOU_WECOM__CALLBACK_AES_KEY": wecom.callback_aes_key.get_secret_value(),
        "HUITOU_WECOM__BASE_URL": wecom.base_url,
    }


@pytest.fixture
def run(environ: dict[str, str]) -> Any:
    def invoke(*args: str, **more: str) -> Result:
        runner = CliRunner()
        return runner.invoke(commands.cli, args, env=environ | more, obj={"create_app": create_app})

    return invoke


def test_every_verb_is_there_and_explains_itself() -> None:
    assert tuple(sorted(commands.cli.commands)) == VERBS
    for verb in VERBS:
        answer = CliRunner().invoke(commands.cli, [verb, "--help"], obj={})
        assert answer.exit_code == 0
        assert len(answer.output.splitlines()) > 4


def test_show_config_masks_every_secret(run: Any, environ: dict[str, str]) -> None:
    shown = run("show-config").output

    assert json.loads(shown)["wecom"]["corp_id"] == environ["HUITOU_WECOM__CORP_ID"]
    for name in ("SECRET", "CALLBACK_TOKEN", "CALLBACK_AES_KEY"):
        assert environ[f"HUITOU_WECOM__{name}"] not in shown


def test_shop_add_prints_one_json_line_and_a_third_key_is_refused(run: Any, make: Any) -> None:
    lines = [run("shop", "add", "小程序").output for _ in range(2)]
    third = run("shop", "add", "小程序")

    assert [sorted(json.loads(line)) for line in lines] == [["key", "secret", "shop"]] * 2
    assert len(make.rows(Shop)) == 1
    assert len(make.rows(SigningKey)) == 2
    assert third.exit_code == 1
    assert third.exception is None or isinstance(third.exception, SystemExit)
    assert "停用一把" in third.output


def test_a_revoked_key_makes_room_for_another_and_is_revoked_once(run: Any, make: Any) -> None:
    key, _ = [json.loads(run("shop", "add", "小程序").output)["key"] for _ in range(2)]

    revoked, again, unknown = run("shop", "revoke", key), run("shop", "revoke", key), run("shop", "revoke", "hk_0")

    assert [revoked.exit_code, again.exit_code, unknown.exit_code] == [0, 1, 1]
    assert "没有这把密钥" in again.output
    assert run("shop", "add", "小程序").exit_code == 0
    assert [row.action for row in make.rows(Audit)] == ["key.revoke"]


def test_the_doctor_with_nothing_set_up_says_so_line_by_line(tmp_path: Path) -> None:
    nothing = {
        "HUITOU_DATABASE__URL": f"sqlite:///{tmp_path / 'none.db'}",
        "HUITOU_SECURITY__MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "HUITOU_WECOM__BASE_URL": "http://127.0.0.1:9",
    }
    told = CliRunner().invoke(commands.cli, ["doctor"], env=nothing, obj={"create_app": create_app})

    assert told.exit_code == 1
    assert told.output.count("✗") == 7
    assert "app.py migrate" in told.output
    assert "wecom.corp_id" in told.output
    assert "None" not in told.output


@pytest.mark.parametrize("verb", [["serve"], ["sandbox", "--state", "{tmp}/sandbox.db"]])
def test_a_taken_port_is_said_in_a_line(environ: dict[str, str], tmp_path: Path, verb: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        more = ["--port", port] if verb[0] == "sandbox" else []
        command = [sys.executable, "app.py", *(word.format(tmp=tmp_path) for word in verb), *more]
        environ |= {"HUITOU_SERVER__PORT": port}
        ended = subprocess.run(
            command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
        )

    assert ended.returncode == 1
    assert f"port {port} is taken" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "token=" not in ended.stdout


def test_the_demo_says_why_it_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "filled.json").write_text('{"seed": 7, "orders": null}')
    words = ["demo", "--no-open", "--port", str(free_ports()), "--data", str(tmp_path / "data"), "--seed", "8"]

    told = CliRunner().invoke(commands.cli, words, obj={"create_app": create_app})

    assert told.exit_code == 1
    assert "--reset" in told.output


def test_migrate_and_a_job_can_be_repeated(run: Any) -> None:
    assert [run("migrate").exit_code for _ in range(2)] == [0, 0]
    assert [run("run-job", "forget_old").exit_code for _ in range(2)] == [0, 0]
    assert run("run-job", "no-such-job").exit_code == 2


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(run: Any, sandbox: Any) -> None:
    sandbox.post(
        "/sandbox/load", {"departments": [{"id": 1, "name": "店"}], "staff": [{"userid": "lan", "name": "兰"}]}
    )

    told = run("doctor")
    wrong = run("doctor", HUITOU_WECOM__SECRET="wrong")

    assert told.exit_code == wrong.exit_code == 1  # a test's domain is this machine only
    assert told.output.count("✓") == 5
    assert "server.public_url" in told.output
    assert "wecom.secret 不对" in wrong.output


def test_wrong_settings_stop_every_verb_with_their_name(environ: dict[str, str]) -> None:
    command = [sys.executable, "app.py", "show-config"]
    wrong = {"HUITOU_SERVER__PORT": "eighty"}

    ended = subprocess.run(command, cwd=ROOT, env=os.environ | wrong, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "HUITOU_SERVER__PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_serve_is_no_demo_whatever_is_set(environ: dict[str, str], make: Any, tmp_path: Path) -> None:
    port = free_ports()
    url = f"http://127.0.0.1:{port}"
    environ |= {"HUITOU_SERVER__PORT": str(port), "HUITOU_SERVER__PUBLIC_URL": url}
    command = [sys.executable, "app.py", "serve"]
    serving = subprocess.Popen(command, cwd=ROOT, env=os.environ | environ, stdout=subprocess.PIPE, text=True)
    try:
        eventually(lambda: answer(f"{url}/healthz"), 60)
        page = requests.get(f"{url}/sidebar/", timeout=5, allow_redirects=False)
        rows = make.rows(OneTimeLink)
    finally:
        serving.send_signal(signal.SIGTERM)
        said, _ = serving.communicate(timeout=30)

    assert serving.returncode == 0
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "bridge" not in page.text + str(page.headers)
    assert f"{url}/console/enter?token=" in said
    assert f"serving {url}" in said
    assert len(rows) == 1


def answer(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def test_products_are_imported_with_the_skipped_in_a_file_and_a_file_of_nothing_fails(run, make, tmp_path) -> None:
    path, errors = tmp_path / "products.csv", tmp_path / "errors.csv"
    path.write_text("sku,name,price\nA,茶,9.9\nB,茶,x\n", "utf-8")

    fine = run("import-products", str(path), "--shop", "店", "--errors", str(errors))
    path.write_text("sku,name,price\nB,茶,x\n", "utf-8")
    nothing = run("import-products", str(path), "--shop", "店")
    path.write_text("a,b\n", "utf-8")
    refused = run("import-products", str(path), "--shop", "店")

    assert (fine.exit_code, nothing.exit_code, refused.exit_code) == (0, 1, 1)
    assert "写入 1" in fine.output
    assert "3,B,茶,price," in errors.read_text("utf-8")
    assert "认不出这些列" in refused.output
    assert [product.sku for product in make.rows(Product)] == ["A"]
