"""What many do at the same moment: a burst of passwords, two links for one first owner."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from crm import users
from crm.errors import Refused, TooMany
from models import User


def test_a_burst_of_passwords_gets_no_try_more_than_one_after_the_other(runtime):
    together = Barrier(12)

    def guess(_):
        together.wait(10)
        try:
            with runtime.transaction() as session:
                users.begin_sign_in(session, login_digest="lan", address_digest="here", now=runtime.now())
        except TooMany:
            return 0
        return 1

    with ThreadPoolExecutor(12) as hands:
        assert sum(hands.map(guess, range(12))) == users.TRIES_OF_ONE_LOGIN_HERE


def test_of_two_links_at_the_same_moment_one_makes_the_first_owner(runtime, make):
    with runtime.transaction() as session:
        for digest in ("one", "two"):
            users.new_link(session, digest, now=runtime.now())
    together = Barrier(2)

    def become(digest):
        together.wait(10)
        try:
            with runtime.transaction() as session:
                users.first_owner(
                    session, digest, login=digest, name="老板", password="a long password", now=runtime.now()
                )
        except Refused:
            return 0
        return 1

    with ThreadPoolExecutor(2) as hands:
        assert sum(hands.map(become, ("one", "two"))) == 1
    assert len(make.rows(User)) == 1
