"""The demo: the app and a sandbox as two processes, a shop that lives in them, and one line when all is ready.

Only this module makes an app in demo mode: on the sandbox's clock, live, framed by the sandbox's chat.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import requests
from flask import Flask
from pydantic import SecretStr

import demo_programme
from clocks import SandboxClock
from config import Business, Database, Security, Server, Settings, Webhooks, WeCom
from crm import coupon_batches, gates, shops, users
from crm.coupon_batches import Terms
from crm.products import Incoming
from crm.signing import signature
from files.imports import import_file
from files.reports import Progress
from jobs.recommendations import learn_products
from jobs.sync import sync
from jobs.worker import Worker
from migrations import migrate
from runtime import Runtime
from sandbox import demo_goods, demo_shop
from sandbox import server as sandbox_server
from supervisor import Supervisor
from web import serve_forever

HOST = "127.0.0.1"
SHOP = "小满商城"
OWNER = "demo"
BATCHES = (
    Terms("老客回购券", total=500, per_customer=1, value_fen=1500, threshold_fen=9900, valid_days=30, remind_days=3),
    Terms("新客见面礼", total=1000, per_customer=1, value_fen=800, threshold_fen=3900, valid_days=14),
    Terms("鲜花专场券", total=100, per_customer=1, kind="percentage", pays_percent=88, valid_days=7, per_staff_day=20),
    Terms("满额免邮券", total=300, per_customer=2, kind="free_shipping", threshold_fen=3900, valid_days=3),
)


class DemoError(Exception):
    """Why the demo cannot run, in words."""


@dataclass(frozen=True)
class Plan:
    """What `demo` was asked for."""

    port: int
    seed: int
    folder: Path
    orders: Path | None = None
    mapping: str | None = None
    browser: bool = True

    @property
    def app_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{HOST}:{self.port + 1}"


def run(create_app: Callable[..., Flask], plan: Plan, *, reset: bool) -> None:
    """Start both processes, fill the shop the first time, say ready, and keep them running until interrupted."""
    with _alone(plan.folder, reset=reset):
        for port in (plan.port, plan.port + 1):
            _refuse_taken(port)
        _refuse_another_seed(plan)
        with Supervisor() as supervisor:
            supervisor.start("sandbox", _serve_sandbox, plan.port + 1, plan.seed, str(plan.folder / "sandbox.db"))
            _wait_for(f"{plan.sandbox_url}/sandbox/clock", supervisor)
            settings = _settings(plan)
            supervisor.start("app", _serve_app, create_app, settings, plan.sandbox_url)
            _wait_for(f"{plan.app_url}/healthz", supervisor)
            runtime = Runtime(settings, clock=SandboxClock(plan.sandbox_url))
            _open_the_gate(runtime)
            _connect(plan)
            _fill(runtime, plan)
            link = _console_link(runtime, plan)
            print(f"ready app={plan.app_url} sandbox={plan.sandbox_url} console={link}", flush=True)
            click.echo(f"从这里开始 / start here: {plan.sandbox_url}/start （Ctrl-C 停下 / stops it）", err=True)
            if plan.browser:
                webbrowser.open(f"{plan.sandbox_url}/start")
            runtime.close()
            supervisor.watch()


# The two processes


def _serve_sandbox(port: int, seed: int, state_path: str) -> None:
    sandbox_server.run(port, seed, Path(state_path), ready=lambda url: None)


def _serve_app(create_app: Callable[..., Flask], settings: Settings, sandbox_url: str) -> None:
    clock = SandboxClock(sandbox_url)
    clock.follow()
    runtime = Runtime(settings, clock=clock)
    migrate(runtime.engine)
    serve_forever(create_app(runtime, bridge_origin=sandbox_url), settings.server, Worker(runtime))


# What the demo's shop needs


def _settings(plan: Plan) -> Settings:
    known = _call("GET", f"{plan.sandbox_url}/sandbox/credentials")
    return Settings(
        server=Server(host=HOST, port=plan.port, public_url=plan.app_url),
        database=Database(url=f"sqlite:///{plan.folder / 'huitou.db'}"),
        security=Security(master_key_file=str(plan.folder / "master.key"), session_hours=720),  # its clock may jump
        business=Business(name="小满生活馆"),
        webhooks=Webhooks(allow_private=True),
        wecom=WeCom(
            corp_id=known["corp_id"],
            agent_id=known["agent_id"],
            secret=SecretStr(known["secret"]),
            callback_token=SecretStr(known["callback_token"]),
            callback_aes_key=SecretStr(known["callback_aes_key"]),
            base_url=plan.sandbox_url,
            authorize_url=f"{plan.sandbox_url}/connect/oauth2/authorize",
        ),
    )


def _open_the_gate(runtime: Runtime) -> None:
    """The demo starts live; what its owner switches afterwards stays."""
    with runtime.transaction() as session:
        if gates.gate(session) is None:
            gates.switch(session, "live", by="demo", now=runtime.now())


def _connect(plan: Plan) -> None:
    """Tell the sandbox where our callback is, and what its chat client frames."""
    client = {
        "sidebar_url": f"{plan.app_url}/sidebar/",
        "start_url": f"{plan.sandbox_url}/start",
        "console_url": f"{plan.app_url}/console/",
        "forget_cookies": [{"name": "huitou_staff", "path": "/sidebar"}],
    }
    _call("PUT", f"{plan.sandbox_url}/sandbox/client", client)
    _call("PUT", f"{plan.sandbox_url}/sandbox/callback", {"url": f"{plan.app_url}/bot/callback"})


def _fill(runtime: Runtime, plan: Plan) -> None:
    """A shop's people and orders, the way a real shop's arrive. Done once; safe to repeat after an interruption."""
    mark = plan.folder / "filled.json"
    wanted = {"seed": plan.seed, "orders": str(plan.orders) if plan.orders else None}
    if mark.exists() and json.loads(mark.read_text()) == wanted:
        return
    click.echo("第一次启动，正在请进 500 位客户和两年的订单 … / first start: filling the shop", err=True)
    now = runtime.now()
    if not _call("GET", f"{plan.sandbox_url}/sandbox/staff")["staff"]:
        _call("POST", f"{plan.sandbox_url}/sandbox/load", demo_shop.corp(plan.seed, now))
    sync(runtime)
    _offer_coupons(runtime, now)
    demo_programme.prepare(runtime, _call("GET", f"{plan.sandbox_url}/sandbox/robots")["robots"][0]["key"])
    if plan.orders:
        progress = Progress(is_terminal=sys.stderr.isatty())
        import_file(runtime, plan.orders, mapping=plan.mapping, shop=SHOP, progress=progress)
    else:
        _post_orders(runtime, plan, now)
        demo_programme.stock(runtime, SHOP, list(_wares(now)))
        learn_products(runtime)
    mark.write_text(json.dumps(wanted))


def _offer_coupons(runtime: Runtime, now: datetime) -> None:
    with runtime.transaction() as session:
        known = {batch.name for batch in coupon_batches.batches(session)}
        for terms in BATCHES:
            if terms.name not in known:
                coupon_batches.create_batch(session, terms, now=now)


def _wares(now: datetime) -> Iterator[Incoming]:
    """The demo shop's products; how long one lasts is said of some, and worked out for the others."""
    for one in demo_goods.PRODUCTS:
        lasts = one.lasts_days if one.category == demo_goods.BABY else None
        yield Incoming(
            one.sku, one.name, one.category, one.price_fen, image_url=None, mini_program_path=None, link_url=None,
            share_text=None, launch_on=None, cycle_days=lasts, care_note=None, on_sale=True, updated_at=now,
        )  # fmt: skip


def _shop_key(runtime: Runtime, plan: Plan) -> tuple[str, str]:
    """The demo shop's key and secret, kept in its folder: whoever tries the demo may sign orders with them too."""
    file = plan.folder / "shop.json"
    if not file.exists():
        made = {"shop": SHOP, "key": f"hk_{secrets.token_hex(8)}", "secret": secrets.token_urlsafe(32)}
        file.touch(0o600)
        file.write_text(json.dumps(made, ensure_ascii=False))
    known = json.loads(file.read_text())
    with runtime.transaction() as session:
        if shops.live_key(session, known["key"]) is None:
            sealed = runtime.vault.seal(known["secret"])
            shops.add_key(session, SHOP, key=known["key"], secret_sealed=sealed, now=runtime.now())
    return known["key"], known["secret"]


def _post_orders(runtime: Runtime, plan: Plan, now: datetime) -> None:
    """The demo's orders, by the same signed requests a shop's own system would send."""
    key, secret = _shop_key(runtime, plan)
    orders = list(demo_shop.orders(plan.seed, now))
    for start in range(0, len(orders), 500):
        body = json.dumps({"shop": SHOP, "orders": orders[start : start + 500]}, ensure_ascii=False).encode()
        headers = _signed(key, secret, body, at=str(int(runtime.now().timestamp())))
        answer = _session().post(f"{plan.app_url}/mall/orders", data=body, headers=headers, timeout=60)
        answer.raise_for_status()
        if answer.json()["rejected"]:
            raise DemoError(f"orders rejected: {answer.json()['rejected']}")


def _signed(key: str, secret: str, body: bytes, *, at: str) -> dict[str, str]:
    nonce = secrets.token_hex(16)
    return {
        "Content-Type": "application/json",
        "X-Huitou-Key": key,
        "X-Huitou-Timestamp": at,
        "X-Huitou-Nonce": nonce,
        "X-Huitou-Signature": signature(
            secret, method="POST", target="/mall/orders", timestamp=at, nonce=nonce, body=body
        ),
    }


def _console_link(runtime: Runtime, plan: Plan) -> str:
    token = secrets.token_urlsafe(24)
    with runtime.transaction() as session:
        owner = users.of_login(session, OWNER)
        if owner is None:
            password = secrets.token_urlsafe(24)
            owner = users.add(session, login=OWNER, name="老板", role="owner", password=password, now=runtime.now())
            session.flush()
        users.new_link(session, runtime.vault.digest(token), user=owner, now=runtime.now())
    return f"{plan.app_url}/console/enter?token={token}"


# Small things


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _call(method: str, url: str, body: Any = None) -> Any:
    answer = _session().request(method, url, json=body, timeout=60)
    if not answer.ok:
        raise DemoError(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
    return answer.json()


def _wait_for(url: str, supervisor: Supervisor) -> None:
    session = _session()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if fallen := supervisor.fallen():
            raise DemoError(f"{fallen[0]} 没能启动，原因见上面 / {fallen[0]} did not start")
        with contextlib.suppress(requests.RequestException):
            if session.get(url, timeout=1).ok:
                return
        time.sleep(0.05)
    raise DemoError(f"{url} 一分钟内没有回应 / no answer within a minute")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise DemoError(f"端口 {port} 已被占用，用 --port 换一个 / port {port} is taken; choose another") from None


def _refuse_another_seed(plan: Plan) -> None:
    """Two seeds' people and orders in one shop would fit nobody."""
    mark = plan.folder / "filled.json"
    if mark.exists() and (seed := json.loads(mark.read_text())["seed"]) != plan.seed:
        raise DemoError(f"这里是用 --seed {seed} 造的店，换一家要加 --reset / made with --seed {seed}: add --reset")


@contextlib.contextmanager
def _alone(folder: Path, *, reset: bool) -> Iterator[None]:
    """One demo per folder: a second one would write into the first one's tables."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.with_suffix(".lock")
    if lock.exists() and _is_running(lock):
        raise DemoError("演示已经在运行 / the demo is already running")
    lock.write_text(str(os.getpid()))
    try:
        if reset:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        yield
    finally:
        lock.unlink(missing_ok=True)


def _is_running(lock: Path) -> bool:
    try:
        os.kill(int(lock.read_text()), 0)
    except (ValueError, ProcessLookupError):
        return False
    except (PermissionError, OSError):
        return True
    return True


__all__ = ["DemoError", "Plan", "run"]
