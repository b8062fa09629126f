"""How a call reaches WeCom: wechatpy's endpoints on our own connections, tokens and errors (decision 0003)."""

import ipaddress
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from wechatpy.work import WeChatClient
from wechatpy.work.client import api

from wecom.answers import TOKEN_REFUSED, decode, error_for, no_answer
from wecom.endpoints import EFFECTS, ExternalContact, Identity
from wecom.errors import Temporary, TokenInvalid
from wecom.tokens import StoredToken

# urllib3 writes paths with their query, and ours holds the secret, a token or a robot's key: every one at DEBUG, and at
# WARNING those whose answer has a header it cannot read. A level is only a wish, anybody may set it again: a filter is
# asked as well.
for _name in ("urllib3", "urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.util.retry"):
    logging.getLogger(_name).setLevel(logging.ERROR)
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.ERROR)


class Transport(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's client with everything it gets wrong replaced. Safe to share between threads.

    `before_call` is asked before anything else; `token` answers the access token to use, given the one refused, and
    `has_token` whether it would at once.
    """

    external_contact: ExternalContact = ExternalContact()
    identity: Identity = Identity()
    department: Any = api.WeChatDepartment()
    jsapi: Any = api.WeChatJSAPI()
    misc: Any = api.WeChatMisc()

    def __init__(
        self,
        base_url: str,
        *,
        before_call: Callable[[], None],
        on_call: Callable[[str, int | None, float], None],
        token: Callable[[StoredToken | None], StoredToken],
        has_token: Callable[[], bool],
        timeouts: tuple[float, float],
    ) -> None:
        super().__init__("", "", session=None, auto_retry=False)
        self._http = None  # wechatpy's own way out
        self.API_BASE_URL = base_url.rstrip("/") + "/cgi-bin/"
        self._before_call = before_call
        self._on_call = on_call
        self._token = token
        self.has_token = has_token
        self._usual_timeouts = timeouts
        self._trust_env = not is_loopback(base_url)
        self._local = threading.local()

    def fetch_access_token(self) -> None:
        raise AssertionError("tokens come from the store")

    def ensure_token(self) -> None:
        """Fetch the access token now if there is no fresh one."""
        self._before_call()
        self._token(None)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """All calls of this thread inside share so many seconds, a token's refresh included."""
        self._local.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.deadline = None

    @contextmanager
    def asking_again(self, ask: Callable[[], None]) -> Iterator[None]:
        """Calls of this thread inside ask before a second try; what it raises is what becomes of the call."""
        self._local.ask_again = ask
        try:
            yield
        finally:
            self._local.ask_again = None

    def _ask_again(self) -> None:
        ask = getattr(self._local, "ask_again", None)
        if ask is not None:
            ask()

    def remaining(self) -> float | None:
        """Seconds left of `within`; None outside of it."""
        deadline = getattr(self._local, "deadline", None)
        return None if deadline is None else max(0.0, deadline - time.monotonic())

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> dict[str, Any]:
        self._before_call()
        endpoint = url_or_endpoint.partition("?")[0]
        refused: StoredToken | None = None
        for _ in range(2):
            has_waited = refused is not None or not self.has_token()
            token = self._token(refused)
            if has_waited:
                self._ask_again()
            answer = self.exchange(method, endpoint, token=token.value, **kwargs)
            if answer.get("errcode", 0) not in TOKEN_REFUSED:
                break
            refused = token
        else:
            raise TokenInvalid(endpoint, answer["errcode"])
        if answer.get("errcode", 0) != 0:
            raise error_for(endpoint, answer["errcode"])
        return answer

    def exchange(
        self,
        method: str,
        endpoint: str,
        *,
        token: str | None = None,
        params: dict[str, Any] | None = None,
        data: Any = None,
        files: Any = None,
    ) -> dict[str, Any]:
        """One HTTP call and its JSON object, an errcode in it or not. Counted whatever becomes of it."""
        self._before_call()
        query = dict(params or {}) | ({"access_token": token} if token is not None else {})
        body = json.dumps(data, ensure_ascii=False).encode() if isinstance(data, dict) else data
        for file in _open_files(files):
            file.seek(0)  # a second try must not send the rest of an already read file
        timeouts = self._timeouts(endpoint)
        errcode: int | None = None
        started = time.perf_counter()
        try:
            status, content = self._send(method, endpoint, timeouts, params=query, data=body, files=files)
            answer = decode(endpoint, status, content, effect=endpoint in EFFECTS)
            errcode = answer.get("errcode", 0)
        finally:
            self._on_call(endpoint, errcode, time.perf_counter() - started)
        return answer

    def _send(self, method: str, endpoint: str, timeouts: tuple[float, float], **parts: Any) -> tuple[int, bytes]:
        try:
            answer = self._connection().request(
                method, self.API_BASE_URL + endpoint, timeout=timeouts, allow_redirects=False, **parts
            )
            return answer.status_code, answer.content
        except requests.RequestException as problem:
            failure = no_answer(endpoint, problem, effect=endpoint in EFFECTS)
        raise failure  # outside the except: the original's text holds the URL, and a chained context would keep it

    def _timeouts(self, endpoint: str) -> tuple[float, float]:
        left = self.remaining()
        if left is None:
            return self._usual_timeouts
        if left < 0.05:
            raise Temporary(endpoint, None, "out of time")
        return min(1.0, left / 2), left - min(1.0, left / 2)

    def _connection(self) -> requests.Session:
        found: requests.Session | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = requests.Session()
            found.trust_env = self._trust_env
        return found


def is_loopback(base_url: str) -> bool:
    """A sandbox on this machine is never asked for through the environment's proxy."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _open_files(files: Any) -> Iterator[Any]:
    for part in (files or {}).values():
        file = part[1] if isinstance(part, tuple) else part
        if hasattr(file, "seek"):
            yield file
