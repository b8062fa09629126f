"""Databases for the tests: a SQLite file copied from a template, and a private PostgreSQL the suite starts itself."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from migrations import migrate
from models.database import connect


def postgres_binaries() -> Path | None:
    """The folder with initdb and postgres, wherever the system keeps it."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@contextmanager
def postgres_server(binaries: Path, *, durable: bool = False) -> Iterator[str]:
    """A server of our own in a temporary folder, reached by its Unix socket; yields its URL without a database name.

    PostgreSQL refuses to run as root: there it runs as the user postgres.
    """
    folder = Path(tempfile.mkdtemp(prefix="huitou-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    run = [
        *as_user,
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "huitou",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run([*run, "--locale=C.UTF-8"], check=True, capture_output=True, cwd=folder)
    settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=200"]
    speed = [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*as_user, str(binaries / "postgres"), "-D", str(data), *settings, *speed],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _wait_until_ready(folder, server)
        yield f"postgresql+psycopg://huitou@/%s?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown: does not wait for clients
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError((folder / "log").read_text())
        try:
            psycopg.connect(host=str(folder), user="huitou", dbname="postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        engine = connect(f"sqlite:///{self._template}", root=folder)
        migrate(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        path = self._folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(self._template, path)
        yield f"sqlite:///{path}"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


class PostgresDatabases:
    """Copies of one migrated database on one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = url.rsplit("host=", 1)[1]
        self._execute("CREATE DATABASE template_huitou")
        engine = connect(url % "template_huitou", root=Path.cwd())
        migrate(engine)
        engine.dispose()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=self._host, user="huitou", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"t_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template_huitou STRATEGY wal_log")
        try:
            yield self._url % name
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")
