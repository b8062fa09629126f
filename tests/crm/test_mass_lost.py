"""Which of WeCom's records is the creation that was never answered."""

from datetime import UTC, datetime, timedelta

from crm.mass_lost import Candidate, proven
from models import MassTask

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TASK = MassTask(userid="lan")
EVERYBODY = {"wm1", "wm2", "wm3"}


def candidate(msgid, *recipients, seconds=0):
    return Candidate(msgid, AT + timedelta(seconds=seconds), frozenset({"lan"}), frozenset(recipients))


def found(*candidates, rivalled=False):
    made = proven(candidates, TASK, EVERYBODY, chat_type="single", rivalled=rivalled)
    return [each.msgid for each in made]


def test_one_to_some_of_ours_is_ours_the_others_being_out_of_reach():
    assert found(candidate("a", "wm1", "wm2")) == ["a"]


def test_of_two_to_the_same_some_the_older_is_first():
    assert found(candidate("b", "wm1", "wm2", seconds=1), candidate("a", "wm1", "wm2")) == ["a", "b"]


def test_of_two_to_different_some_neither_is_surely_ours():
    """One of them is somebody else's, and would be taken back."""
    assert found(candidate("a", "wm1", "wm2"), candidate("b", "wm1", seconds=1)) == []
    assert found(candidate("a", "wm1"), candidate("b", "wm1", "wm2", seconds=1)) == []
