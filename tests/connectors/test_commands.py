"""`app.py connect …`, as an administrator types it."""

import json

import pytest
from click.testing import CliRunner

import commands
from app import create_app
from jobs.platforms import apply_platform_messages
from models import Audit, Order, PlatformAccount, PlatformMessage

MAPPING = """
header = "X-Shop-Sign"
[order]
order_no = "sn"
status = "state"
created_at = "at"
updated_at = "at"
paid_at = "at"
paid_fen = "paid"
[item]
sku = "sku"
name = "name"
quantity = "n"
price_fen = "price"
"""


@pytest.fixture
def run(settings, runtime, tmp_path):
    def invoke(*args, **more):
        (tmp_path / "mapping.toml").write_text(more.pop("mapping", MAPPING))
        environ = {
            "HUITOU_DATABASE__URL": settings.database.url,
            "HUITOU_SECURITY__MASTER_KEY_FILE": settings.security.master_key_file,
        } | more
        return CliRunner().invoke(commands.cli, ["connect", *args], env=environ, obj={"create_app": create_app})

    return invoke


def test_credentials_are_kept_sealed_and_shown_nowhere(run, make, runtime):
    secrets = {"CONNECT_CLIENT_ID": "c1", "CONNECT_CLIENT_SECRET": "s3cret", "CONNECT_KDT_ID": "56232"}

    added = json.loads(run("add", "小店", "youzan", "--since", "2026-01-01", **secrets).output)
    again = run("add", "小店", "youzan", **secrets | {"CONNECT_KDT_ID": "57"})
    listed = run("list").output

    [account] = make.rows(PlatformAccount)
    assert added["push_url"].endswith(f"/mall/connect/youzan/{account.shop_id}")
    assert account.pulled_until.isoformat() == "2025-12-31T16:00:00+00:00"
    assert json.loads(runtime.vault.open_text(account.credentials_sealed))["kdt_id"] == "57"
    assert json.loads(listed)["failed"] == 0
    assert [row.action for row in make.rows(Audit)] == ["platform.connect"] * 2
    assert "s3cret" not in again.output + listed + str(make.rows(Audit)[0].details)
    assert b"s3cret" not in account.credentials_sealed


def test_what_cannot_be_right_is_refused_in_words(run, make):
    wrong = run("add", "小店", "youzan", CONNECT_CLIENT_ID="c", CONNECT_CLIENT_SECRET="s", CONNECT_KDT_ID="abc")
    bare = run("add", "小店", "generic", CONNECT_SECRET="s")
    odd = run("add", "小店", "generic", "--mapping", "mapping.toml", CONNECT_SECRET="s")
    nobody = run("remove", "小店", "youzan")

    assert [each.exit_code for each in (wrong, bare, odd, nobody)] == [2, 2, 2, 1]
    assert "kdt_id" in wrong.output
    assert make.rows(PlatformAccount) == []


def test_what_failed_is_replayed_once_the_mapping_is_mended(run, make, runtime, client, tmp_path):
    import hashlib
    import hmac

    file = str(tmp_path / "mapping.toml")
    body = json.dumps(
        {"sn": 77, "state": "FINISHED", "at": "2026-11-20T20:15:00+08:00", "paid": "19.90",
         "items": [{"sku": "S", "name": "湿巾", "n": 1, "price": "19.90"}]}
    ).encode()  # fmt: skip
    run("add", "小店", "generic", "--mapping", file, CONNECT_SECRET="topsecret")
    sign = hmac.new(b"topsecret", body, hashlib.sha256).hexdigest()
    [account] = make.rows(PlatformAccount)
    client.post(f"/mall/connect/generic/{account.shop_id}", data=body, headers={"x-shop-sign": sign})
    apply_platform_messages(runtime)
    [failed] = make.rows(PlatformMessage)

    mended = MAPPING + '[status]\nFINISHED = "completed"\n'
    run("add", "小店", "generic", "--mapping", file, CONNECT_SECRET="topsecret", mapping=mended)
    replayed = json.loads(run("replay", "小店", "generic").output)
    removed = run("remove", "小店", "generic")

    assert (failed.state, failed.reason) == ("failed", "字段不对：state")
    assert replayed == {"replayed": 1, "failed": 0, "reasons": []}
    [order] = make.rows(Order)
    assert (order.order_no, order.status, order.total_fen, order.paid_fen) == ("77", "completed", 1990, 1990)
    assert (removed.exit_code, make.rows(PlatformAccount)) == (0, [])
