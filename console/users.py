"""The users of the console: an owner opens an account and hands over a one-time link."""

import secrets

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_fields
from console.door import OWNER, blueprint, user_only
from crm import audits, users
from crm.errors import BadInput, Conflict
from models.user import ROLES, User
from runtime import runtime
from words import gettext


class NewUser(Form):
    login: str = Field(max_length=64)
    name: str = Field(max_length=64)
    role: str = Field(max_length=16)


def role_name(role: str) -> str:
    return {
        "owner": gettext("老板"),
        "operator": gettext("运营"),
        "manager": gettext("主管"),
        "finance": gettext("财务"),
        "developer": gettext("开发"),
    }[role]


@blueprint.app_context_processor
def words_of_roles() -> dict[str, object]:
    return {"role_name": role_name}


def _shown(**more: object) -> str:
    with runtime().reading() as session:
        everybody = users.everybody(session)
    return render_template("console/users.html", here="users", everybody=everybody, roles=ROLES, **more)


@blueprint.get("/users")
@user_only(*OWNER)
def users_page() -> ResponseReturnValue:
    return _shown()


@blueprint.post("/users")
@user_only(*OWNER)
def add_user() -> ResponseReturnValue:
    """A new user without a password, and the link by which they choose one; it is shown once."""
    form, token, now = read_fields(NewUser), secrets.token_urlsafe(32), runtime().now()
    try:
        with runtime().transaction() as session:
            user = users.add(session, login=form.login, name=form.name, role=form.role, password=None, now=now)
            users.new_link(session, runtime().vault.digest(token), user=user, now=now)
            audits.note(session, actor=g.actor, action="user.add", subject=f"user:{user.id}", now=now, role=user.role)
    except (BadInput, Conflict) as error:
        return _shown(form=form, error=error), error.status
    return _shown(link=_link(token), linked=user)


@blueprint.post("/users/<int:user_id>/link")
@user_only(*OWNER)
def link_user(user_id: int) -> ResponseReturnValue:
    """A new link for somebody who forgot the password: they choose one again."""
    token, now = secrets.token_urlsafe(32), runtime().now()
    with runtime().transaction() as session:
        user: User = users.user(session, user_id)
        users.forget_password(session, user, by=g.user)
        users.new_link(session, runtime().vault.digest(token), user=user, now=now)
        audits.note(session, actor=g.actor, action="user.link", subject=f"user:{user.id}", now=now)
    return _shown(link=_link(token), linked=user)


@blueprint.post("/users/<int:user_id>/disable")
@user_only(*OWNER)
def disable_user(user_id: int) -> ResponseReturnValue:
    with runtime().transaction() as session:
        users.disable(session, users.user(session, user_id), by=g.user, now=runtime().now())
    return redirect(url_for("console.users_page"), 303)


def _link(token: str) -> str:
    return f"{runtime().settings.server.public_url}{url_for('console.enter_page', token=token)}"
