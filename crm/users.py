"""Who works in the console: users, their passwords, and the links that let somebody in once."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import argon2
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import audits
from crm.errors import BadInput, Conflict, NotFound, Refused, TooMany
from models.audit import Audit
from models.database import changed, take_turns
from models.staff import Department
from models.user import ROLES, OneTimeLink, User

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
LINK_LASTS = timedelta(hours=24)
WINDOW = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=90)
TRIES_OF_ONE_LOGIN_HERE = 5
TRIES_HERE = 20
TRIES_OF_ONE_LOGIN = 20  # from everywhere; an address the user has signed in from before is not held to it
LOGIN = re.compile(r"[\w.@-]{2,64}", re.ASCII)

# OWASP's second choice for argon2id: 19 MiB each, so that 16 web threads stay small on a small server.
HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
NOBODY = HASHER.hash("nobody has this password")


# Links


def new_link(session: Session, digest: str, *, user: User | None = None, now: datetime) -> OneTimeLink:
    """A link good once within 24 hours: for this user, or without one for the first owner.

    `digest` is the vault's digest of the token; the token itself is nowhere on record.
    """
    link = OneTimeLink(
        token_digest=digest, user_id=user.id if user else None, created_at=now, expires_at=now + LINK_LASTS
    )
    session.add(link)
    return link


def link(session: Session, digest: str, *, now: datetime) -> tuple[OneTimeLink, User | None]:
    """The open link and whom it is for. Raises `Refused` when it is used, too old, or none."""
    row = session.scalar(select(OneTimeLink).where(OneTimeLink.token_digest == digest))
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise Refused("这个链接用过了或过期了。请老板再发一个")
    user = session.get(User, row.user_id) if row.user_id else None
    if user is None and has_any(session):
        raise Refused("已经有老板了。请老板给你开一个账号")
    if user is not None and user.disabled_at is not None:
        raise Refused("这个账号停用了")
    return row, user


def _spend(session: Session, row: OneTimeLink, *, now: datetime) -> None:
    spent = update(OneTimeLink).where(OneTimeLink.id == row.id, OneTimeLink.used_at.is_(None)).values(used_at=now)
    if not changed(session, spent):
        raise Refused("这个链接用过了或过期了。请老板再发一个")


def enter(session: Session, digest: str, *, password: str | None, now: datetime) -> User:
    """Sign the link's user in and spend the link; one without a password yet has to choose it."""
    row, user = link(session, digest, now=now)
    if user is None:
        raise Refused("这个链接是给第一位老板的")
    if not user.password_hash:
        user.password_hash = hashed(password or "")
    _spend(session, row, now=now)
    audits.note(session, actor=f"user:{user.id}", action="user.enter", subject=f"user:{user.id}", now=now)
    return user


def first_owner(session: Session, digest: str, *, login: str, name: str, password: str, now: datetime) -> User:
    """Make the first owner with a one-time link; of two links at the same moment one wins."""
    take_turns(session, "first_owner")
    row, user = link(session, digest, now=now)
    if user is not None:
        raise Refused("这个链接是给已有账号的")
    owner = add(session, login=login, name=name, role="owner", password=password, now=now)
    _spend(session, row, now=now)
    audits.note(session, actor=f"user:{owner.id}", action="user.first_owner", subject=f"user:{owner.id}", now=now)
    return owner


# Users


def add(session: Session, *, login: str, name: str, role: str, password: str | None, now: datetime) -> User:
    """A new user; without a password they choose one by their link."""
    login, name = login.strip().lower(), name.strip()
    if not LOGIN.fullmatch(login):
        raise BadInput("登录名用 2 到 64 个字母、数字、点、横线或 @", field="login")
    if not 1 <= len(name) <= 64:
        raise BadInput("称呼写 1 到 64 个字", field="name")
    if role not in ROLES:
        raise BadInput("没有这个角色", field="role")
    taken = Conflict("这个登录名有人用了。换一个", field="login")
    if session.scalar(select(User.id).where(User.login == login)) is not None:
        raise taken
    user = User(
        login=login,
        name=name,
        role=role,
        password_hash=hashed(password) if password is not None else "",
        created_at=now,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError:  # somebody else took it since we looked
        raise taken from None
    return user


def set_rights(
    session: Session,
    found: User,
    *,
    department_wecom_id: int | None,
    may_reveal_phones: bool,
    may_export: bool,
    by: User,
    now: datetime,
) -> None:
    """Whose customers a manager sees, and whether somebody may see whole phone numbers."""
    if department_wecom_id is not None:
        known = select(Department.id).where(Department.wecom_id == department_wecom_id)
        if session.scalar(known) is None:
            raise BadInput("没有这个部门，刷新再选", field="department")
    found.department_wecom_id, found.may_reveal_phones = department_wecom_id, may_reveal_phones
    found.may_export = may_export
    audits.note(
        session, actor=f"user:{by.id}", action="user.rights", subject=f"user:{found.id}", now=now,
        department=department_wecom_id, may_reveal_phones=may_reveal_phones, may_export=may_export,
    )  # fmt: skip


def departments(session: Session) -> list[Department]:
    return list(session.scalars(select(Department).order_by(Department.wecom_id)))


def has_any(session: Session) -> bool:
    return session.scalar(select(User.id).limit(1)) is not None


def everybody(session: Session) -> list[User]:
    return list(session.scalars(select(User).order_by(User.disabled_at.is_not(None), User.id)))


def user(session: Session, user_id: int) -> User:
    found = session.get(User, user_id)
    if found is None:
        raise NotFound("没有这个账号")
    return found


def names_of(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """The name behind each actor ("user:3"); what is no user of ours is called by itself."""
    wanted = set(actors)
    numbers = {int(actor[5:]) for actor in wanted if actor.startswith("user:") and actor[5:].isdecimal()}
    known = {
        f"user:{number}": name
        for number, name in session.execute(select(User.id, User.name).where(User.id.in_(numbers)))
    }
    return {actor: known.get(actor, actor) for actor in wanted}


def disable(session: Session, found: User, *, by: User, now: datetime) -> None:
    """End a user's access and every session of theirs; nobody can shut themselves out."""
    if found.id == by.id:
        raise Conflict("不能停用自己的账号")
    found.disabled_at, found.epoch = found.disabled_at or now, found.epoch + 1
    audits.note(session, actor=f"user:{by.id}", action="user.disable", subject=f"user:{found.id}", now=now)


def hashed(password: str, *, field: str = "password") -> str:
    """Slow on purpose (tens of milliseconds): not inside a transaction that others wait for."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput("密码至少 10 个字符", field=field)
    if len(password) > LONGEST_PASSWORD:
        raise BadInput("密码最多 200 个字符", field=field)
    return HASHER.hash(password)


def fits(password_hash: str, password: str) -> bool:
    """Whether this is the password; without one on record the same work is done for nothing."""
    try:
        HASHER.verify(password_hash or NOBODY, password[: LONGEST_PASSWORD + 1])
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return bool(password_hash)


def change_password(session: Session, found: User, *, password_hash: str, now: datetime) -> None:
    """Also ends every session of theirs; the door opens this one again."""
    found.password_hash, found.epoch = password_hash, found.epoch + 1
    audits.note(session, actor=f"user:{found.id}", action="user.password", subject=f"user:{found.id}", now=now)


# Sign-in


def begin_sign_in(session: Session, *, login_digest: str, address_digest: str, now: datetime) -> int:
    """Put a try on record as failed before the password is looked at; returns its number for `sign_in`.

    Raises `TooMany` after five failures of one login from one address within 15 minutes, twenty from one address, or
    twenty of one login from everywhere. The last would let a stranger lock its owner out, so an address that this
    login has signed in from is not held to it.
    """
    take_turns(session, "sign_in")  # a burst would be counted before any of it is on record
    login, address = f"login:{login_digest[:16]}@", f"@{address_digest[:16]}"
    failures = select(func.count()).where(
        Audit.action == "sign_in", Audit.outcome == "wrong_password", Audit.at > now - WINDOW
    )
    here = session.scalar(failures.where(Audit.subject.endswith(address))) or 0
    both = session.scalar(failures.where(Audit.subject == login[:-1] + address)) or 0
    everywhere = session.scalar(failures.where(Audit.subject.startswith(login))) or 0
    if both >= TRIES_OF_ONE_LOGIN_HERE or here >= TRIES_HERE:
        raise TooMany("试得太多了。15 分钟后再试")
    if everywhere >= TRIES_OF_ONE_LOGIN and not _is_known(session, login[:-1] + address, now=now):
        raise TooMany("这个账号试得太多了。15 分钟后再试，或用你常用的设备")
    row = Audit(
        at=now, actor="anyone", action="sign_in", subject=login[:-1] + address, outcome="wrong_password", details={}
    )
    session.add(row)
    session.flush()
    return row.id


def _is_known(session: Session, subject: str, *, now: datetime) -> bool:
    known = select(Audit.id).where(
        Audit.action == "sign_in", Audit.subject == subject, Audit.outcome == "done", Audit.at > now - KNOWN_FOR
    )
    return session.scalar(known.limit(1)) is not None


def of_login(session: Session, login: str) -> User | None:
    """Who may sign in by this name."""
    return session.scalar(select(User).where(User.login == login.strip().lower(), User.disabled_at.is_(None)))


def sign_in(session: Session, found: User, *, attempt: int) -> None:
    """The password was right: the try on record did not fail."""
    session.execute(update(Audit).where(Audit.id == attempt).values(outcome="done", actor=f"user:{found.id}"))


def forget_password(session: Session, found: User, *, by: User | None = None) -> None:
    """They choose a new one by their next link; until then nobody signs in as them."""
    if by is not None and found.id == by.id:
        raise Conflict("自己的密码在「我的账号」里改")
    if found.disabled_at is not None:
        raise Conflict("这个账号停用了")
    found.password_hash, found.epoch = "", found.epoch + 1


def sign_out(session: Session, user_id: int, *, now: datetime) -> None:
    """Ends every session of this user, so that a copied cookie ends with it."""
    session.execute(update(User).where(User.id == user_id).values(epoch=User.epoch + 1))
    audits.note(session, actor=f"user:{user_id}", action="sign_out", now=now)


def choose_language(session: Session, user_id: int, *, epoch: object, language: str) -> None:
    """Of a user whose session is in force."""
    session.execute(update(User).where(User.id == user_id, User.epoch == epoch).values(language=language))
