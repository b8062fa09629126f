"""The official account's sign-in (docs/wecom.md 18): who came back from its authorize page."""

import time
from collections.abc import Callable
from typing import Any

import requests

from wecom.answers import decode, error_for, no_answer
from wecom.errors import Temporary, WeComError
from wecom.reads import typed
from wecom.transport import is_loopback
from wecom.types import Answer


class OfficialVisitor(Answer):
    """Who a code stands for. In a snapshot page both ids are virtual: they are nobody's."""

    openid: str
    unionid: str = ""
    is_snapshotuser: int = 0

    @property
    def is_snapshot(self) -> bool:
        return self.is_snapshotuser == 1


class OfficialAccount:
    """One verified service account. Threads share it; it holds a secret, and no error of it ever quotes one."""

    def __init__(
        self,
        *,
        base_url: str,
        app_id: str,
        secret: str,
        before_call: Callable[[], None],
        on_call: Callable[[str, int | None, float], None],
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._app_id, self._secret = app_id, secret
        self._before_call, self._on_call = before_call, on_call
        self._trust_env = not is_loopback(base_url)

    def __repr__(self) -> str:
        return f"<OfficialAccount {self._app_id}>"

    def __getstate__(self) -> object:
        raise TypeError("an account holds a secret: it is never pickled")

    def visitor_by_code(self, code: str, *, within_seconds: float = 3.0) -> OfficialVisitor:
        """GET sns/oauth2/access_token, then sns/userinfo when that did not tell the unionid; a code is good once.

        Allowed inside a web request: both together take at most `within_seconds`, else `Temporary`. A unionid there is
        only after snsapi_userinfo, and with an account bound to an Open Platform account. `CodeSpent` for an old code.
        """
        deadline = time.monotonic() + within_seconds
        query = {"appid": self._app_id, "secret": self._secret, "code": code, "grant_type": "authorization_code"}
        answer = self._get("sns/oauth2/access_token", query, deadline)
        found = typed(OfficialVisitor, "sns/oauth2/access_token", answer)
        if found.unionid or found.is_snapshot or "snsapi_userinfo" not in str(answer.get("scope", "")):
            return found
        query = {"access_token": str(answer.get("access_token", "")), "openid": found.openid, "lang": "zh_CN"}
        told = self._get("sns/userinfo", query, deadline)
        return found.model_copy(update={"unionid": str(told.get("unionid") or "")})

    def _get(self, endpoint: str, query: dict[str, str], deadline: float) -> dict[str, Any]:
        """One call and its JSON object, counted whatever becomes of it."""
        self._before_call()
        errcode: int | None = None
        started = time.monotonic()
        try:
            answer = decode(endpoint, *self._send(endpoint, query, deadline - started), effect=False)
            errcode = answer.get("errcode", 0)
        finally:
            self._on_call(endpoint, errcode, time.monotonic() - started)
        if errcode:
            raise error_for(endpoint, errcode)
        return answer

    def _send(self, endpoint: str, query: dict[str, str], left: float) -> tuple[int, bytes]:
        if left < 0.05:
            raise Temporary(endpoint, None, "out of time")
        failure: WeComError
        try:
            with requests.Session() as connection:
                connection.trust_env = self._trust_env
                timeouts = min(1.0, left / 2), left - min(1.0, left / 2)
                answer = connection.get(
                    f"{self._base_url}/{endpoint}", params=query, timeout=timeouts, allow_redirects=False
                )
                return answer.status_code, answer.content
        except requests.RequestException as problem:
            failure = no_answer(endpoint, problem, effect=False)
        raise failure  # outside the except: the original's text holds the URL with the secret
