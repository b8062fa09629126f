"""How long a callback lies in the inbox: the worker on, adds and edits come at half of what it applies at its most.

Capacity is the whole way: a burst comes as fast as it is answered, and counted is what is applied a second from the
first one stored to the last one applied. The sandbox that plays WeCom answers every lookup, on the same processors.
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, func, select
from waitress.server import create_server

from app import create_app
from bench import databases
from bench.load import fire
from bench.pushes import AES_KEY, TOKEN, add, edit, request_to
from bench.served import served
from bench.sync import corp, follow, settings
from jobs.worker import Worker
from migrations import migrate
from models.database import connect
from models.inbox import Inbox
from runtime import ROOT, Runtime

QUICK, FULL = (150, 10), (3_000, 60)  # customers in the burst, each added and edited; seconds at half the rate
THREADS, PATIENCE_SECONDS = 16, 300
MOST = 200  # customers a second: so many are there to be added


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a database."""
    burst, seconds = FULL if full else QUICK
    with corp(burst + seconds * MOST) as wecom:
        secrets = {"callback_token": SecretStr(TOKEN), "callback_aes_key": SecretStr(AES_KEY)}
        yield from databases.each("inbox lag", partial(_row, wecom | secrets), full)


def _row(wecom: dict[str, Any], database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    burst, seconds = FULL if full else QUICK
    with served(_serve, wecom, url, folder) as port:
        engine = connect(url, root=ROOT)
        answered = fire(port, _requests(wecom, range(burst)), expect=b"success").rate
        began, ended, _ = _applied(engine, 2 * burst, after=0)
        capacity = 2 * burst / (ended - began)
        wanted = min(int(capacity / 2 / 2 * seconds), MOST * seconds)
        some = _requests(wecom, range(burst, burst + wanted))
        fire(port, some, expect=b"success", per_second=capacity / 2)
        _, _, lags = _applied(engine, 2 * wanted, after=2 * burst)
        engine.dispose()
    return {
        "row": f"inbox lag, {database}",
        "p99_seconds": round(lags[int(len(lags) * 0.99)], 2),
        "median_seconds": round(lags[len(lags) // 2], 2),
        "longest_seconds": round(lags[-1], 2),
        "goal": "p99_seconds < 2",
        "per_second": {"answered": round(answered), "applied": round(capacity), "sent": round(capacity / 2)},
        "callbacks": len(lags),
    }


def _requests(wecom: dict[str, Any], customers: range) -> list[bytes]:
    """Each customer is added, and then edited."""
    pushes = [make(*follow(number), corp=wecom["corp_id"]) for number in customers for make in (add, edit)]
    return [request_to("/bot/callback", push) for push in pushes]


def _applied(engine: Engine, wanted: int, *, after: int) -> tuple[float, float, list[float]]:
    """Wait until the rows behind the first `after` are applied: when the first came, the last ended, and the lags."""
    until = time.monotonic() + PATIENCE_SECONDS
    applied = select(func.count()).where(Inbox.state == "applied")
    while True:
        with engine.connect() as connection:
            if connection.scalar(applied) == after + wanted:
                times = select(Inbox.received_at, Inbox.applied_at).order_by(Inbox.id).offset(after)
                found = [(came.timestamp(), ended.timestamp()) for came, ended in connection.execute(times) if ended]
                break
        if time.monotonic() > until:
            raise RuntimeError(f"not all of {after + wanted} callbacks were applied")
        time.sleep(0.25)
    lags = sorted(ended - came for came, ended in found)
    return min(came for came, _ in found), max(ended for _, ended in found), lags


def _serve(pipe: Any, wecom: dict[str, Any], url: str, folder: str) -> None:
    runtime = Runtime(settings(wecom, url, folder))
    migrate(runtime.engine)
    server = create_server(create_app(runtime), host="127.0.0.1", port=0, threads=THREADS)
    Worker(runtime).start()
    pipe.send(server.effective_port)
    server.run()
