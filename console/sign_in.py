"""Signing in and out: a password, or a link that is good once."""

from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_fields
from callers import anyone, network_of
from console.door import LANGUAGES, blueprint, own_path, sign_in_as, user_only
from crm import users
from crm.errors import BadInput, Conflict, NotSignedIn, RuleError
from models.user import User
from runtime import runtime


class SignIn(Form):
    login: str = Field(max_length=64)
    password: str = Field(max_length=1000)
    next: str = Field("", max_length=500)


class FirstOwner(Form):
    token: str = Field(max_length=100)
    login: str = Field(max_length=64)
    name: str = Field(max_length=64)
    password: str = Field(max_length=1000)


class Enter(Form):
    token: str = Field(max_length=100)
    password: str | None = Field(None, max_length=1000)


class NewPassword(Form):
    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class Language(Form):
    language: str = Field(max_length=8)
    back: str = Field("", max_length=500)


@blueprint.get("/sign-in")
@anyone
def sign_in_page() -> ResponseReturnValue:
    with runtime().reading() as database:
        nobody_yet = not users.has_any(database)
    return render_template("console/sign_in.html", next=own_path(request.args.get("next")), nobody_yet=nobody_yet)


@blueprint.post("/sign-in")
@anyone
def sign_in() -> ResponseReturnValue:
    """Throttled by login and address; an unknown login takes as long as a wrong password."""
    form = read_fields(SignIn)
    vault, now = runtime().vault, runtime().now()
    with runtime().transaction() as database:
        attempt = users.begin_sign_in(
            database,
            login_digest=vault.digest(f"login:{form.login.strip().lower()}"),
            address_digest=vault.digest(f"address:{network_of(request.remote_addr)}"),
            now=now,
        )
        user = users.of_login(database, form.login)
    if not users.fits(user.password_hash if user else "", form.password) or user is None:
        words = NotSignedIn("登录名或密码不对").key
        return render_template("console/sign_in.html", next=own_path(form.next), login=form.login, error=words), 401
    with runtime().transaction() as database:
        users.sign_in(database, user, attempt=attempt)
    return _go_in(user, own_path(form.next))


def _go_in(user: User, target: str) -> ResponseReturnValue:
    """Begin the session; a language chosen on the page before it becomes the user's."""
    chosen = request.cookies.get("huitou_language")
    if chosen in LANGUAGES:
        with runtime().transaction() as database:
            users.choose_language(database, user.id, epoch=user.epoch, language=chosen)
    sign_in_as(user)
    answer = redirect(target, 303)
    answer.delete_cookie("huitou_language", path="/console")
    return answer


@blueprint.post("/sign-out")
@user_only()
def sign_out() -> ResponseReturnValue:
    """Ends every session of this user, so that a copied cookie ends with it."""
    with runtime().transaction() as database:
        users.sign_out(database, g.user.id, now=runtime().now())
    session.clear()
    return redirect(url_for("console.sign_in_page"), 303)


@blueprint.get("/first")
@anyone
def first_page() -> ResponseReturnValue:
    return enter_page()


@blueprint.get("/enter")
@anyone
def enter_page() -> ResponseReturnValue:
    """What a one-time link opens; only the button on it spends the link, so that a previewing chat does not."""
    token = request.args.get("token", "")[:100]
    with runtime().reading() as database:
        _, user = users.link(database, runtime().vault.digest(token), now=runtime().now())
    if user is None:
        return render_template("console/first.html", token=token)
    return render_template("console/enter.html", token=token, welcome=user)


@blueprint.post("/first")
@anyone
def first() -> ResponseReturnValue:
    form = read_fields(FirstOwner)
    try:
        with runtime().transaction() as database:
            owner = users.first_owner(
                database,
                runtime().vault.digest(form.token),
                login=form.login,
                name=form.name,
                password=form.password,
                now=runtime().now(),
            )
    except (BadInput, Conflict) as error:
        return render_template("console/first.html", token=form.token, form=form, error=error), error.status
    return _go_in(owner, url_for("console.home"))


@blueprint.post("/enter")
@anyone
def enter() -> ResponseReturnValue:
    form = read_fields(Enter)
    digest = runtime().vault.digest(form.token)
    try:
        with runtime().transaction() as database:
            user = users.enter(database, digest, password=form.password, now=runtime().now())
    except BadInput as error:
        with runtime().reading() as database:
            _, invited = users.link(database, digest, now=runtime().now())
        return render_template("console/enter.html", token=form.token, welcome=invited, error=error), error.status
    return _go_in(user, url_for("console.home"))


@blueprint.get("/account")
@user_only()
def account() -> ResponseReturnValue:
    return render_template("console/account.html", here="account", changed="changed" in request.args)


@blueprint.post("/account/password")
@user_only()
def change_password() -> ResponseReturnValue:
    """Needs the old password, tried as often as a sign-in may be; ends every other session."""
    form = read_fields(NewPassword)
    vault, now = runtime().vault, runtime().now()
    try:
        with runtime().transaction() as database:
            attempt = users.begin_sign_in(
                database,
                login_digest=vault.digest(f"login:{g.user.login}"),
                address_digest=vault.digest(f"address:{network_of(request.remote_addr)}"),
                now=now,
            )
        if not users.fits(g.user.password_hash, form.old):
            raise BadInput("现在的密码不对", field="old")
        with runtime().transaction() as database:
            users.sign_in(database, g.user, attempt=attempt)
        password_hash = users.hashed(form.new, field="new")
        with runtime().transaction() as database:
            user = users.user(database, g.user.id)
            users.change_password(database, user, password_hash=password_hash, now=now)
    except RuleError as error:
        return render_template("console/account.html", here="account", error=error), error.status
    sign_in_as(user)
    return redirect(url_for("console.account", changed=1), 303)


@blueprint.post("/language")
@anyone
def choose() -> ResponseReturnValue:
    """Before sign-in in a cookie, which the sign-in takes over; a user's own choice is on their record."""
    form = read_fields(Language)
    if form.language not in LANGUAGES:
        raise BadInput("没有这种语言", field="language")
    answer = redirect(own_path(form.back), 303)
    user_id = session.get("user_id")
    if not isinstance(user_id, int):
        answer.set_cookie(
            "huitou_language", form.language, max_age=31_536_000, path="/console", samesite="Lax", httponly=True
        )
    else:
        with runtime().transaction() as database:
            users.choose_language(database, user_id, epoch=session.get("epoch"), language=form.language)
    return answer
