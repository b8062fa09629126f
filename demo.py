"""The demo: the app and a sandbox as two processes, a shop that lives in them, and one line when all is ready.

Only this module makes an app in demo mode: on the sandbox's clock, live, framed by the sandbox's chat.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from jobs.sync import sync
from jobs.worker import Worker
from mall.imports import import_file
from mall.signatures import sign
from pydantic import SecretStr
from web import serve_forever

from clocks import SandboxClock
from config import Business, Database, Security, Server, Settings, WeCom
from crm import coupons, gates, shops, users
from migrations import migrate
from runtime import Runtime
from sandbox import demo_shop
from sandbox import server as sandbox_server
from supervisor import Supervisor, end_with_parent

HOST = "127.0.0.1"
SHOP = "小满商城"
BATCHES = (
    ("老客回购券", 1500, 9900, 500, 30),
    ("新客见面礼", 800, 3900, 1000, 14),
    ("鲜花专场券", 3000, 19900, 100, 7),
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
        with Supervisor() as supervisor:
            supervisor.start("sandbox", _serve_sandbox, plan.port + 1, plan.seed, str(plan.folder / "sandbox.db"))
            _wait_for(f"{plan.sandbox_url}/sandbox/clock", supervisor)
            settings = _settings(plan)
            runtime = Runtime(settings, clock=SandboxClock(plan.sandbox_url))
            migrate(runtime.engine)
            _open_the_gate(runtime)
            supervisor.start("app", _serve_app, create_app, settings, plan.sandbox_url)
            _wait_for(f"{plan.app_url}/healthz", supervisor)
            _connect(plan)
            _fill(runtime, plan)
            link = _console_link(runtime, plan)
            print(f"ready app={plan.app_url} sandbox={plan.sandbox_url} console={link}", flush=True)
            if plan.browser:
                webbrowser.open(f"{plan.sandbox_url}/start")
            runtime.close()
            supervisor.watch()


# The two processes


def _serve_sandbox(life: Connection, port: int, seed: int, state_path: str) -> None:
    end_with_parent(life)
    sandbox_server.run(port, seed, Path(state_path), ready=lambda url: None)


def _serve_app(life: Connection, create_app: Callable[..., Flask], settings: Settings, sandbox_url: str) -> None:
    end_with_parent(life)
    clock = SandboxClock(sandbox_url)
    clock.follow()
    runtime = Runtime(settings, clock=clock)
    serve_forever(create_app(runtime, bridge_origin=sandbox_url), settings.server, Worker(runtime))


# What the demo's shop needs


def _settings(plan: Plan) -> Settings:
    known = _call("GET", f"{plan.sandbox_url}/sandbox/credentials")
    return Settings(
        server=Server(host=HOST, port=plan.port, public_url=plan.app_url),
        database=Database(url=f"sqlite:///{plan.folder / 'huitou.db'}"),
        security=Security(master_key_file=str(plan.folder / "master.key")),
        business=Business(name="小满生活馆"),
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
    with runtime.transaction() as session:
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
    now = runtime.now()
    if not _call("GET", f"{plan.sandbox_url}/sandbox/staff")["staff"]:
        _call("POST", f"{plan.sandbox_url}/sandbox/load", demo_shop.corp(plan.seed, now))
    sync(runtime)
    with runtime.transaction() as session:
        for name, value_fen, threshold_fen, total, valid_days in BATCHES:
            coupons.ensure_batch(
                session,
                name=name,
                value_fen=value_fen,
                threshold_fen=threshold_fen,
                total=total,
                per_customer=1,
                valid_days=valid_days,
                now=now,
            )
    if plan.orders:
        import_file(runtime, plan.orders, mapping=plan.mapping, shop=SHOP)
    else:
        _post_orders(runtime, plan, now)
    mark.write_text(json.dumps(wanted))


def _post_orders(runtime: Runtime, plan: Plan, now: datetime) -> None:
    """The demo's orders, by the same signed requests a shop's own system would send."""
    key, secret = f"hk_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    with runtime.transaction() as session:
        shops.replace_keys(session, SHOP, key=key, secret_sealed=runtime.vault.seal(secret), now=runtime.now())
    orders = list(demo_shop.orders(plan.seed, now))
    for start in range(0, len(orders), 500):
        body = json.dumps({"shop": SHOP, "orders": orders[start : start + 500]}, ensure_ascii=False).encode()
        headers = sign(key, secret, "POST", "/mall/orders", body, now=runtime.now(), nonce=secrets.token_hex(16))
        headers["Content-Type"] = "application/json"
        answer = _session().post(f"{plan.app_url}/mall/orders", data=body, headers=headers, timeout=60)
        answer.raise_for_status()
        if answer.json()["rejected"]:
            raise DemoError(f"orders rejected: {answer.json()['rejected']}")


def _console_link(runtime: Runtime, plan: Plan) -> str:
    token = secrets.token_urlsafe(24)
    with runtime.transaction() as session:
        user = users.ensure_owner(
            session, login="demo", name="老板", password=secrets.token_urlsafe(16), now=runtime.now()
        )
        users.add_link(session, token, user=user, now=runtime.now())
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
