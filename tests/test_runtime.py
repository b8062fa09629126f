"""What everybody stands on: a reader sees one moment, whatever is written meanwhile."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from models import Customer


def test_a_reader_sees_one_moment_however_often_it_looks(runtime, make):
    make.identity("unionid", "u1")

    with runtime.reading() as session, ThreadPoolExecutor(1) as other:
        before = session.scalar(select(func.count(Customer.id)))
        other.submit(make.identity, "unionid", "u2").result()
        after = session.scalar(select(func.count(Customer.id)))

    assert (before, after, len(make.rows(Customer))) == (1, 1, 2)
