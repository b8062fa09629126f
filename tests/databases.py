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
from typing import Any

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
    folder = Path(tempfile.mkdtemp(prefix="huitou-pg-", dir=None if durable else folder_in_memory()))
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
    quick = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "jit=off")
    speed = [] if durable else [word for setting in quick for word in ("-c", setting)]
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


def folder_in_memory() -> Path | None:
    """Where files need no disk, if this machine has such a place with room in it: a durable commit is free there."""
    place = Path("/dev/shm")
    is_fit = place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > ROOM_BYTES
    return place if is_fit else None


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
    """Databases as they were migrated, on one server.

    A new one takes ten times as long as a test: one is handed out again with every row taken away that a test left,
    unless the test changed a table.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = url.rsplit("host=", 1)[1]
        self._execute("CREATE DATABASE template_huitou")
        engine = connect(url % "template_huitou", root=Path.cwd())
        migrate(engine)
        engine.dispose()
        self._execute(*SEED, database="template_huitou")
        self._shape = ""
        self._idle: list[str] = []

    def _execute(self, *statements: str, database: str = "postgres") -> list[Any]:
        """The rows of the last of them."""
        rows: list[Any] = []
        with psycopg.connect(host=self._host, user="huitou", dbname=database, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = self._idle.pop() if self._idle else self._create()
        yield self._url % name
        if self._execute(LEAVE, RESET, SHAPE, database=name)[0][0] == self._shape:
            self._idle.append(name)
        else:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self) -> str:
        name = f"t_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template_huitou STRATEGY wal_log")
        self._shape = self._execute(SHAPE, database=name)[0][0]
        return name


ROOM_BYTES = 4 * 2**30

# What the migrations themselves put into tables, kept beside them.
SEED = (
    "CREATE SCHEMA seed",
    """
    DO $$ DECLARE name text; filled boolean; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
            IF filled THEN
                EXECUTE format('CREATE TABLE seed.%I AS TABLE public.%I', name, name);
            END IF;
        END LOOP;
    END $$
    """,
    """
    CREATE TABLE seed."sequences" AS
        SELECT sequencename AS name, last_value AS at FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL
    """,
)
LEAVE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
RESET = """
    DO $$ DECLARE name text; filled boolean; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
            CONTINUE WHEN NOT filled;
            IF pg_relation_size(format('public.%I', name)) > 500000 THEN
                EXECUTE format('TRUNCATE public.%I CASCADE', name);
            ELSE
                EXECUTE format('DELETE FROM public.%I', name);
            END IF;
        END LOOP;
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'seed' AND tablename <> 'sequences' LOOP
            EXECUTE format('INSERT INTO public.%I SELECT * FROM seed.%I', name, name);
        END LOOP;
        PERFORM setval(format('public.%I', sequencename)::regclass, start_value, false) FROM pg_sequences
            WHERE schemaname = 'public' AND last_value IS NOT NULL;
        PERFORM setval(format('public.%I', seed."sequences".name)::regclass, at) FROM seed."sequences";
    END $$
"""
SHAPE = """
    SELECT concat_ws(
        ' ', count(DISTINCT c.oid), max(c.oid), count(a.*), count(a.*) FILTER (WHERE a.attisdropped),
        md5(string_agg(DISTINCT c.relname, ' ' ORDER BY c.relname))
    )
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
"""
