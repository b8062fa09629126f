"""Finds what a call names, or says that it is not there."""

from flask import request

from sandbox.control.forms import PairForm
from sandbox.corp import Corp
from sandbox.group_records import Group
from sandbox.impossible import Impossible
from sandbox.records import Customer, Follow, Member, Tag


def query_number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) > most:
        raise Impossible("bad_request", f"{name} is a number from 0 to {most}", 400)
    return int(text)


def find_member(mine: Corp, userid: str) -> Member:
    found = mine.state.member(userid)
    if found is None:
        raise Impossible("no_such_member", f"nobody is called {userid!r}", 404)
    return found


def find_customer(mine: Corp, external_userid: str) -> Customer:
    found = mine.state.customers.get(external_userid)
    if found is None:
        raise Impossible("no_such_customer", f"nobody is called {external_userid!r}", 404)
    return found


def find_follow(mine: Corp, form: PairForm) -> Follow:
    found = mine.state.follow(form.userid, form.external_userid)
    if found is None:
        raise Impossible("no_such_follow", "the two never met", 404)
    return found


def find_tag(mine: Corp, named: str) -> Tag:
    """A tag by its id, else by its name."""
    found = mine.state.tags.get(named)
    by_name = [tag for tag in mine.state.tags if tag.name == named and not tag.deleted]
    if found is None and len(by_name) == 1:
        found = by_name[0]
    if found is None or found.deleted:
        raise Impossible("no_such_tag", f"no one tag is called {named!r}", 404)
    return found


def find_person(mine: Corp, userid: str | None, external_userid: str | None) -> Member | Customer:
    """Whom one of the two names."""
    if (userid is None) == (external_userid is None):
        raise Impossible("bad_request", "name one of userid and external_userid", 400)
    return find_member(mine, userid) if userid is not None else find_customer(mine, external_userid or "")


def find_group(mine: Corp, chat_id: str) -> Group:
    found = mine.state.groups.get(chat_id)
    if found is None:
        raise Impossible("no_such_group", f"no group is {chat_id!r}", 404)
    return found
