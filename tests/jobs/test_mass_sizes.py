"""No transaction of mass messages writes more than 500 rows, wherever the month ends."""

from datetime import datetime

import pytest
from sqlalchemy import event

from jobs.mass import create_tasks
from jobs.mass_results import read_results
from tests.drop_weeks import ZONE
from tests.masses import Masses


@pytest.fixture
def rows_written(runtime):
    """How many rows each transaction has written so far."""
    counts = [0]

    def count(connection, cursor, statement, parameters, context, many):
        if not statement.lstrip().upper().startswith("SELECT"):
            counts[-1] += max(cursor.rowcount, 0)

    event.listen(runtime.engine, "after_cursor_execute", count)
    event.listen(runtime.engine, "begin", lambda connection: counts.append(0))
    return counts


def test_results_of_a_month_read_for_a_message_of_the_last(runtime, make, sandbox, clock, rows_written):
    sandbox.put("/sandbox/clock", {"now": datetime(2026, 11, 30, 23, 50, tzinfo=ZONE).timestamp(), "frozen": True})
    clock.refresh()
    make.gate("live")
    masses = Masses(runtime, make, sandbox)
    masses.shop(lan=600)
    masses.message()
    create_tasks(runtime)
    clock.tick(minutes=20)
    masses.confirm()
    rows_written.clear()
    rows_written.append(0)

    read_results(runtime)

    assert set(masses.states().values()) == {"sent"}
    assert max(rows_written) <= 500
