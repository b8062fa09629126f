"""What the program needs from outside: database, WeCom, clock, randomness. Built once, handed to everybody."""

import os
import random
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import requests
from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config import Settings
from models.database import connect, is_sqlite
from models.vault import Vault
from wecom.client import WeCom
from wecom.gates import Verdict
from wecom.tokens import TokenStore

ROOT = Path(__file__).resolve().parent
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: read aloud over a counter


class Runtime:
    """The outside world of one process. Threads share it; a transaction belongs to the thread that opened it."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] | None = None, seed: int | None = None):
        self.settings = settings
        self.clock = clock or (lambda: datetime.now(UTC))
        self.rng = random.Random(seed) if seed is not None else random.SystemRandom()
        self.vault = Vault(_master_key(ROOT / settings.security.master_key_file))
        self.engine: Engine = connect(settings.database.url, root=ROOT)
        self._writer = threading.RLock() if is_sqlite(self.engine) else None
        self._open = threading.local()
        self._wakers: dict[str, threading.Event] = {}
        self.wecom = WeCom.from_parts(settings.wecom, tokens=self._token_store(), gate=self.gate, before_call=self._no_transaction)
