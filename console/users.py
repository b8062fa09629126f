"""The users of the console: an owner opens an account and hands over a one-time link."""

import secrets
from typing import Literal

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_fields
from console.door import OWNER, blueprint, user_only
from console.inbox import number_asked
from crm import audits, users
from crm.errors import BadInput, Conflict
from models.user import ROLES, User
from runtime import runtime
from words import gettext


class NewUser(Form):
    login: str = Field(max_length=64)
    name: str = Field(max_length=64)
    role: str = Field(max_length=16)


class Rights(Form):
    department: str = Field("", pattern=r"^[0-9]{0,18}$")
    reveal: Literal["", "on"] = ""
    export: Literal["", "on"] = ""


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
        everybody, departments = users.everybody(session), users.departments(session)
    return render_template(
        "console/users.html", here="users", everybody=everybody, departments=departments, roles=ROLES, **more
    )


@blueprint.get("/users")
@user_only(*OWNER)
def users_page() -> ResponseReturnValue:
    """Everybody; `rights` is whose rights are to be changed."""
    number = number_asked("rights")
    with runtime().reading() as session:
        chosen = users.user(session, number) if number is not None else None
    return _shown(chosen=chosen)


@blueprint.post("/users/<int:user_id>/rights")
@user_only(*OWNER)
def change_rights(user_id: int) -> ResponseReturnValue:
    """Which department a manager has, and who may see whole phone numbers."""
    form, now = read_fields(Rights), runtime().now()
    department = int(form.department) if form.department else None
    with runtime().transaction() as session:
        users.set_rights(
            session, users.user(session, user_id), department_wecom_id=department,
            may_reveal_phones=form.reveal == "on", may_export=form.export == "on", by=g.user, now=now,
        )  # fmt: skip
    return redirect(url_for("console.users_page"), 303)


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
