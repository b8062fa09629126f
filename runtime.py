"""What the program needs from outside: database, WeCom, clock, randomness. Built once, handed to everybody."""

import os
import random
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Engine, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config import ConfigError, Settings
from connectors.outside import Outside
from connectors.platforms import PLATFORMS
from connectors.shapes import Connector
from connectors.transport import Http
from metrics import Metrics
from models.appending import Appender
from models.database import changed, connect, insert_if_absent, is_sqlite, reading, writing
from models.gate import Gate
from models.token import Token
from models.vault import Vault
from wecom.callbacks import CallbackCrypto
from wecom.client import WeCom
from wecom.gates import GateNow, Pair, Verdict
from wecom.official_account import OfficialAccount
from wecom.tokens import StoredToken, TokenStore

Done = TypeVar("Done")
DEADLOCK, DEADLOCK_TRIES = "40P01", 5
THE_GATE = select(Gate.__table__.c.mode, Gate.__table__.c.allow_list).where(Gate.__table__.c.id == 1)
PLATFORM_ZONE = ZoneInfo("Asia/Shanghai")  # what the platforms' local times are meant in, wherever the shop is
ROOT = Path(__file__).resolve().parent
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, no 1/I: read aloud over a counter


def utc_now() -> datetime:
    return datetime.now(UTC)


class Runtime:
    """The outside world of one process. Threads share it; a transaction belongs to the thread that opened it."""

    def __init__(
        self, settings: Settings, *, clock: Callable[[], datetime] = utc_now, rng: random.Random | None = None
    ) -> None:
        self.settings = settings
        self.now = clock
        self.rng = rng or random.SystemRandom()
        self.metrics = Metrics()
        self.vault = Vault(master_key(ROOT / settings.security.master_key_file))
        self.engine = connect(settings.database.url, root=ROOT)
        self.zone = ZoneInfo(settings.business.time_zone)
        self._writing_engine, self._reading_engine = writing(self.engine), reading(self.engine)
        self._writer = threading.Lock() if is_sqlite(self.engine) else None
        self._appender = Appender(self.engine, self._writer)
        self._local = threading.local()
        self._wakers: dict[str, threading.Event] = {}
        wecom = settings.wecom
        token, aes_key = wecom.callback_token.get_secret_value(), wecom.callback_aes_key.get_secret_value()
        self.callbacks = CallbackCrypto(token, aes_key, wecom.corp_id) if token and aes_key else None
        self.wecom = self.gateway(TokenTable(self))
        self.official_account = self._official_account()
        self._platform_http = Http(before_call=self.forbid_transaction)

    def gateway(self, tokens: TokenStore) -> WeCom:
        """A gateway that keeps its tokens there; everybody shares `wecom`, whose tokens every process shares."""
        wecom = self.settings.wecom
        return WeCom(
            base_url=wecom.base_url,
            corp_id=wecom.corp_id,
            agent_id=wecom.agent_id,
            secret=wecom.secret.get_secret_value(),
            tokens=tokens,
            gate=self.gate,
            before_call=self.forbid_transaction,
            on_call=self.metrics.count_call,
            now=self.now,
        )

    def connector(self, platform: str, credentials: dict[str, Any]) -> Connector:
        """One shop's account on a platform."""
        outside = Outside(
            http=self._platform_http,
            tokens=TokenTable(self),
            now=self.now,
            base_url=self.settings.connect.base_url(platform),
            zone=PLATFORM_ZONE,
        )
        return PLATFORMS[platform].connect(credentials, outside)

    def _official_account(self) -> OfficialAccount | None:
        known = self.settings.official_account
        if not known.app_id or not known.secret.get_secret_value():
            return None
        return OfficialAccount(
            base_url=known.base_url,
            app_id=known.app_id,
            secret=known.secret.get_secret_value(),
            before_call=self.forbid_transaction,
            on_call=self.metrics.count_call,
        )

    # Transactions

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Write: commits at the end, rolls back on any error. On SQLite one writer a process, BEGIN IMMEDIATE."""
        self.forbid_transaction()
        with self._writer or nullcontext(), self._session(self._writing_engine) as session:
            self._local.open = True
            try:
                with session.begin():
                    yield session
            finally:
                self._local.open = False

    def in_transaction(self, work: Callable[[Session], Done]) -> Done:
        """`work` in a transaction of its own, again when PostgreSQL chose it as the victim of a deadlock.

        For rules that lock many rows. What was rolled back left nothing, so `work` only has to be callable twice.
        """
        for tries_left in reversed(range(DEADLOCK_TRIES)):
            try:
                with self.transaction() as session:
                    return work(session)
            except OperationalError as problem:
                if getattr(problem.orig, "sqlstate", None) != DEADLOCK or not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read one snapshot; nothing is written."""
        self.forbid_transaction()
        with self._session(self._reading_engine) as session:
            self._local.open = True
            try:
                yield session
            finally:
                self._local.open = False

    def _session(self, engine: Engine) -> Session:
        """Knows the vault: the names of erased customers are looked up wherever an identity is (`crm.erased`)."""
        return Session(engine, expire_on_commit=False, info={"vault": self.vault})

    def append(self, statement: str, values: Sequence[Any]) -> None:
        """One row, committed when this returns: `models.appending`. For what must be answered in milliseconds."""
        self.forbid_transaction()
        self._appender.append(statement, values)

    def forbid_transaction(self) -> None:
        """Nobody waits for the network, or for a second transaction, inside an open transaction."""
        if getattr(self._local, "open", False):
            raise RuntimeError("a transaction is open in this thread")

    # The gate

    def gate(self, pairs: Sequence[Pair]) -> Verdict:
        """Whether one effect on all of these may go out now; asked right before every effect, one reading each."""
        return self.gate_now().verdict(pairs)

    def gate_now(self) -> GateNow:
        """How the gate stands, for who has to part those that go out from those that would; rehearsal at first."""
        with self.reading() as session:
            row = session.execute(THE_GATE).one_or_none()
        return GateNow(Verdict(row.mode), frozenset(row.allow_list)) if row else GateNow(Verdict.REHEARSAL)

    # Wake-ups: a lost one costs at most the worker's two seconds

    def wake(self, lane: str) -> None:
        waker = self._waker(lane)
        if not waker.is_set():  # the usual case under load, and twenty times cheaper than to set it again
            waker.set()

    def wait(self, lane: str, seconds: float) -> bool:
        """Wait until somebody wakes the lane; False when the time was over first."""
        waker = self._waker(lane)
        woken = waker.wait(seconds)
        waker.clear()
        return woken

    def _waker(self, lane: str) -> threading.Event:
        found = self._wakers.get(lane)
        return found if found is not None else self._wakers.setdefault(lane, threading.Event())

    def new_code(self, length: int = 10) -> str:
        """A code people can read aloud; about 50 bits at ten letters."""
        return "".join(self.rng.choice(CODE_ALPHABET) for _ in range(length))

    def new_token(self) -> str:
        """A secret for a link: 160 bits, in letters that survive every messenger."""
        return self.new_code(32)

    def close(self) -> None:
        self._appender.close()
        self.engine.dispose()


class TokenTable:
    """The token store on our own database; a lease is a conditional UPDATE, never a lock held over a call."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def get(self, name: str) -> StoredToken | None:
        with self._runtime.reading() as session:
            row = session.get(Token, name)
        if row is None or row.value_sealed is None or row.expires_at is None:
            return None
        return StoredToken(self._runtime.vault.open_text(row.value_sealed), row.expires_at)

    def lease(self, name: str, *, seconds: float, unless_newer_than: str | None) -> bool:
        now, lasting = self._runtime.now(), timedelta(seconds=seconds)
        with self._runtime.transaction() as session:
            insert_if_absent(session, Token, name=name)
            row = session.execute(select(Token.value_sealed).where(Token.name == name)).scalar_one()
            if row is not None and self._runtime.vault.open_text(row) != unless_newer_than:
                return False
            claim = (
                update(Token)
                .where(
                    Token.name == name,
                    or_(
                        Token.refreshing_until.is_(None),
                        Token.refreshing_until <= now,
                        Token.refreshing_until > now + 2 * lasting,  # nobody's: the clock was put back since
                    ),
                    Token.value_sealed == row if row is not None else Token.value_sealed.is_(None),
                )
                .values(refreshing_until=now + lasting)
            )
            return changed(session, claim) > 0

    def put(self, name: str, token: StoredToken) -> None:
        sealed = self._runtime.vault.seal(token.value)
        with self._runtime.transaction() as session:
            insert_if_absent(session, Token, name=name)
            session.execute(
                update(Token)
                .where(Token.name == name)
                .values(value_sealed=sealed, expires_at=token.expires_at, refreshing_until=None)
            )

    def give_up(self, name: str) -> None:
        with self._runtime.transaction() as session:
            session.execute(update(Token).where(Token.name == name).values(refreshing_until=None))


def master_key(path: Path) -> bytes:
    """The key everything at rest is sealed with; made at the first start, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = bytes.fromhex(path.read_text().strip()) if path.stat().st_size else b""
        if len(key) < 32:
            raise ConfigError(f"security.master_key_file: {path.name} does not hold a key of 64 hex digits") from None
        return key
    key = secrets.token_bytes(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.hex())
    return key


def runtime() -> Runtime:
    """The runtime of the request in hand."""
    found: Runtime = current_app.extensions["huitou"]
    return found
