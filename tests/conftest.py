"""The real program on a fresh database, with the sandbox as WeCom and the sandbox's clock."""

import gc
import os
import random
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from pydantic import SecretStr

import translations
from app import create_app
from clocks import SandboxClock
from config import Database as DatabaseSettings
from config import Security, Server, Settings, WeCom
from runtime import Runtime
from tests.apps import COMPILED, running
from tests.browsers import browser, chromium_path
from tests.databases import PostgresDatabases, SqliteDatabases, folder_in_memory, postgres_binaries, postgres_server
from tests.factories import Make
from tests.sandboxes import Sandbox, running_sandbox
from tests.statements import share
from web import Running

share()
REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL_TESTS"))


def missing(what: str) -> NoReturn:
    """Skip what this machine cannot run, and say so."""
    pytest.skip(f"{what} is missing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing may be left out: a skipped test has failed there."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, and nothing may be: {report.longrepr}"
    return report


def pytest_collection_finish() -> None:
    """A million objects of modules, there for good: no collection of garbage need look at them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def screen_words() -> None:
    """The English words as the catalog has them now."""
    translations.compile_stale()


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[SqliteDatabases]:
    with TemporaryDirectory(prefix="huitou-sqlite-", dir=folder_in_memory()) as folder:
        yield SqliteDatabases(Path(folder))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases | None]:
    binaries = postgres_binaries()
    if binaries is None:
        yield None
        return
    with postgres_server(binaries) as url:
        yield PostgresDatabases(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        databases = request.getfixturevalue("sqlite_databases")
    else:
        databases = request.getfixturevalue("postgres_databases")
        if databases is None:
            missing("PostgreSQL (apt install postgresql)")
    with databases.fresh() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        missing("Chromium (apt install chromium fonts-noto-cjk)")
    with browser(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The WeCom of this test: an empty corp, real time, no faults."""
    sandbox_server.reset()
    return sandbox_server


class Clock(SandboxClock):
    """The sandbox's clock, and the hand that moves it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        super().__init__(sandbox.url)

    def tick(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        self._sandbox.put("/sandbox/clock", {"advance": days * 86400 + hours * 3600 + minutes * 60 + seconds})
        self.refresh()
        return self()

    def freeze(self) -> datetime:
        self._sandbox.put("/sandbox/clock", {"frozen": True})
        self.refresh()
        return self()


@pytest.fixture
def clock(sandbox: Sandbox) -> Clock:
    return Clock(sandbox)


@pytest.fixture
def settings(database_url: str, sandbox: Sandbox, tmp_path: Path) -> Settings:
    known = sandbox.credentials
    return Settings(
        server=Server(public_url="http://localhost"),
        database=DatabaseSettings(url=database_url),
        security=Security(master_key_file=str(tmp_path / "master.key")),
        wecom=WeCom(
            corp_id=known["corp_id"],
            agent_id=known["agent_id"],
            secret=SecretStr(known["secret"]),
            callback_token=SecretStr(known["callback_token"]),
            callback_aes_key=SecretStr(known["callback_aes_key"]),
            base_url=sandbox.url,
            authorize_url=f"{sandbox.url}/connect/oauth2/authorize",
        ),
    )


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    made = Runtime(settings, clock=clock, rng=random.Random(7))
    yield made
    made.close()


@pytest.fixture
def make(runtime: Runtime, sandbox: Sandbox) -> Make:
    return Make(runtime, sandbox)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    made = create_app(runtime)
    made.testing = False  # errors are answered as in production
    made.jinja_env.bytecode_cache = COMPILED
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def running_app(app: Flask, runtime: Runtime, sandbox: Sandbox) -> Iterator[Running]:
    """The app served over HTTP on a free port, its worker running, the sandbox's callbacks coming in."""
    with running(app, runtime, sandbox) as server:
        yield server
