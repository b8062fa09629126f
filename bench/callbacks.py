"""Callbacks: our webhook against a bare POST, the raw path and wechatpy's, on one server, in one process.

The raw path is the least that is still right: verify, decrypt, one prepared INSERT on a connection each thread keeps,
committed durably. Ours also parses, seals the body and goes through the runtime. The echo is what one writes with
wechatpy: a Flask program of its own that decrypts, parses, stores nothing and says success. The worker is off.
"""

import base64
import hashlib
import re
import sqlite3
import statistics
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, request
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from waitress.server import create_server

from app import create_app
from bench import databases, echo
from bench.load import Timing, fire
from bench.pushes import AES_KEY, CIPHER, CORP, TOKEN, add, request_to
from bench.served import served
from callers import anyone
from config import Database, Security, Settings, WeCom
from migrations import migrate
from models.database import PRAGMAS
from runtime import Runtime

THREADS = 16
QUICK, FULL = (5, 1500), (9, 6000)  # rounds, and requests per side and round
SIDES = {"bare": b"ok", "raw": b"success", "echo": b"success", "ours": b"success"}
PATHS = {"bare": "/bench/bare", "raw": "/bench/raw", "echo": echo.PATH, "ours": "/bot/callback"}
RAW_SQL = (
    "INSERT INTO inbox (key, kind, body_sealed, deliveries, has_welcome, happened_at, received_at, state, tries,"
    " next_try_at, reason) VALUES ({0}, {0}, {0}, 1, {1}, {0}, {0}, 'received', 0, {0}, '')"
)


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a database."""
    yield from databases.each("callbacks", _row, full)


def _row(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    rounds, count = FULL if full else QUICK
    measured: dict[str, list[Timing]] = {side: [] for side in SIDES}
    with served(_serve, url, folder) as port:
        for side in SIDES:  # warm: connections, caches
            fire(port, _pushes(side, 200), expect=SIDES[side])
        for number in range(rounds):
            order = list(SIDES) if number % 2 == 0 else list(reversed(SIDES))
            for side in order:
                measured[side].append(fire(port, _pushes(side, count), expect=SIDES[side]))
    stored, wanted = _stored(url), 2 * (200 + rounds * count)
    if stored != wanted:
        raise RuntimeError(f"{stored} rows in the inbox, {wanted} were answered success")
    return _figures(database, measured) | {"rows_counted": stored}


def _figures(database: str, measured: dict[str, list[Timing]]) -> dict[str, Any]:
    def ratio(of: Callable[[Timing], float], over: str) -> float:
        pairs = zip(measured["ours"], measured[over], strict=True)
        return round(statistics.median(of(mine) / of(theirs) for mine, theirs in pairs), 2)

    return {
        "row": f"callbacks, {database}",
        "rate_over_raw": ratio(lambda timing: timing.rate, "raw"),
        "p99_over_raw": ratio(lambda timing: timing.p99, "raw"),
        "rate_over_bare": ratio(lambda timing: timing.rate, "bare"),
        "rate_over_wechatpy_echo": ratio(lambda timing: timing.rate, "echo"),
        "goal": "rate_over_raw ≥ 0.8, p99_over_raw ≤ 1.5, rate_over_wechatpy_echo ≥ 0.5",
        "per_second": {side: round(statistics.median(t.rate for t in runs)) for side, runs in measured.items()},
        "p99_ms": {side: round(statistics.median(t.p99 for t in runs) * 1000, 1) for side, runs in measured.items()},
    }


def _serve(pipe: Any, url: str, folder: str) -> None:
    wecom = WeCom(
        corp_id=CORP, agent_id=1, callback_token=SecretStr(TOKEN), callback_aes_key=SecretStr(AES_KEY)
    )  # fmt: skip
    key_file = str(Path(folder) / "master.key")
    runtime = Runtime(Settings(database=Database(url=url), security=Security(master_key_file=key_file), wecom=wecom))
    migrate(runtime.engine)
    app = create_app(runtime)
    _add_sides(app, url)
    wechatpys = echo.program(TOKEN, AES_KEY, CORP)

    def by_path(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return (wechatpys if environ["PATH_INFO"] == echo.PATH else app)(environ, start_response)

    server = create_server(by_path, host="127.0.0.1", port=0, threads=THREADS)
    pipe.send(server.effective_port)
    server.run()


def _add_sides(app: Flask, url: str) -> None:
    store = _sqlite_store(url) if url.startswith("sqlite") else _postgres_store(url)

    @app.post("/bench/bare")
    @anyone
    def bare() -> str:
        request.get_data()
        return "ok"

    @app.post("/bench/raw")
    @anyone
    def raw() -> str:
        store(*_lean_open(request.get_data()))
        return "success"

    app.extensions["csrf"].exempt(bare)
    app.extensions["csrf"].exempt(raw)


ENCRYPT = re.compile(rb"<Encrypt>(?:<!\[CDATA\[)?([A-Za-z0-9+/=]+)")


def _lean_open(body: bytes) -> tuple[str, bytes]:
    """The key and the text of a push, nothing else."""
    found = ENCRYPT.search(body)
    assert found
    parts = sorted((TOKEN, request.args["timestamp"], request.args["nonce"], found[1].decode()))
    assert hashlib.sha1("".join(parts).encode()).hexdigest() == request.args["msg_signature"]
    decryptor = CIPHER.decryptor()
    plain = decryptor.update(base64.b64decode(found[1])) + decryptor.finalize()
    xml = plain[20 : 20 + struct.unpack(">I", plain[16:20])[0]]
    return hashlib.sha256(xml).hexdigest(), xml


def _sqlite_store(url: str) -> Callable[[str, bytes], None]:
    local, path, writer = threading.local(), url.removeprefix("sqlite:///"), threading.Lock()
    statement = RAW_SQL.format("?", "0")

    def store(key: str, xml: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            for pragma in PRAGMAS:
                local.connection.execute(f"PRAGMA {pragma}")
        now = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime())
        with writer:  # without it threads sleep in SQLite's busy handler, and the raw side looks worse than it is
            local.connection.execute("BEGIN IMMEDIATE")
            local.connection.execute(statement, (key, "raw", xml, now, now, now))
            local.connection.execute("COMMIT")

    return store


def _postgres_store(url: str) -> Callable[[str, bytes], None]:
    local, host = threading.local(), url.rsplit("host=", 1)[1]
    statement = RAW_SQL.format("%s", "false")

    def store(key: str, xml: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(host=host, user="huitou", dbname="bench", autocommit=True)
        now = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())
        local.connection.execute(statement, (key, "raw", xml, now, now, now), prepare=True)

    return store


def _pushes(side: str, count: int) -> list[bytes]:
    return [request_to(PATHS[side], add()) for _ in range(count)]


def _stored(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM inbox")).scalar_one())
