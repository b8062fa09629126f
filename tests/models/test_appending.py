"""Rows that are committed together: nobody is told that theirs is stored when it is not."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from models.appending import Appender
from models.database import connect

INSERT = "INSERT INTO kept (name) VALUES (?)"


class Full(Exception):
    """The system has no file to give."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = connect(f"sqlite:///{tmp_path}/rows.db", root=tmp_path)
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (name TEXT UNIQUE)")
    made.dispose()
    return made


def kept(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT name FROM kept")))


def append_together(
    appender: Appender, writer: threading.Lock, names: list[str], statement: str = INSERT
) -> dict[str, Exception | None]:
    """Each name from a thread of its own, all of them waiting for the writer before the first may write."""

    def one(name: str) -> Exception | None:
        try:
            appender.append(statement, (name,))
        except Exception as error:
            return error
        return None

    with ThreadPoolExecutor(len(names)) as hands:
        with writer:
            answers = [hands.submit(one, name) for name in names]
            while len(appender._waiting) < len(names):
                time.sleep(0.001)
        return {name: answer.result() for name, answer in zip(names, answers, strict=True)}


def test_rows_that_wait_together_are_all_stored(engine: Engine) -> None:
    writer = threading.Lock()

    answers = append_together(Appender(engine, writer), writer, ["a", "b", "c"])

    assert kept(engine) == {"a", "b", "c"}
    assert set(answers.values()) == {None}


def test_when_no_connection_can_be_had_nobody_is_told_that_theirs_is_stored(engine: Engine) -> None:
    writer, failures = threading.Lock(), iter([Full()])

    @event.listens_for(engine, "do_connect")
    def refuse_once(*args: object) -> None:
        for failure in failures:
            raise failure

    answers = append_together(Appender(engine, writer), writer, ["a", "b", "c"])

    assert {name for name, error in answers.items() if error is None} == kept(engine)
    assert len(kept(engine)) < 3


def test_a_row_the_database_refuses_is_told_so_and_the_next_is_stored(engine: Engine) -> None:
    writer = threading.Lock()
    appender = Appender(engine, writer)
    appender.append(INSERT, ("a",))

    with suppress(Exception):
        appender.append(INSERT, ("a",))
    appender.append(INSERT, ("b",))

    assert kept(engine) == {"a", "b"}


@pytest.fixture
def table(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """The same table on either database."""
    made = connect(database_url, root=tmp_path)
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (name TEXT UNIQUE)")
    yield made
    made.dispose()


def style(engine: Engine) -> str:
    return INSERT if engine.dialect.name == "sqlite" else INSERT.replace("?", "%s")


def test_many_threads_lose_nothing_on_either_database(table: Engine) -> None:
    appender = Appender(table, threading.Lock())
    names = [f"row{number}" for number in range(300)]

    with ThreadPoolExecutor(16) as hands:
        list(hands.map(lambda name: appender.append(style(table), (name,)), names))
    appender.close()

    assert kept(table) == set(names)


def test_a_group_with_a_refused_row_is_refused_as_a_whole_and_told_so(table: Engine) -> None:
    writer = threading.Lock()
    appender = Appender(table, writer)
    appender.append(style(table), ("a",))

    answers = append_together(appender, writer, ["a", "b", "c"], style(table))
    appender.append(style(table), ("d",))
    appender.close()

    assert {name for name, error in answers.items() if error is None} | {"a"} == kept(table) - {"d"}
    assert answers["a"] is not None
    assert "d" in kept(table)


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_server_that_went_away_is_met_again(table: Engine) -> None:
    appender = Appender(table, threading.Lock())
    appender.append(style(table), ("a",))
    with table.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    appender.append(style(table), ("b",))
    appender.close()

    assert kept(table) == {"a", "b"}
