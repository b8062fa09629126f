"""The gateway: one typed method per WeCom endpoint in use. Sections are those of docs/wecom.md."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from wecom.answers import error_for
from wecom.effects import Effects
from wecom.errors import WeComError
from wecom.gates import Gate
from wecom.mass_reads import MassReads
from wecom.reads import Reads
from wecom.refresh import AHEAD, Refresher
from wecom.sends import Sends
from wecom.tokens import StoredToken, TokenStore
from wecom.transport import Transport

TicketKind = Literal["jsapi", "agent_jsapi"]

READS = frozenset(
    {
        "access_token",
        "agent_ticket",
        "cached_ticket",
        "callback_ips",
        "contact_way",
        "contact_ways",
        "corp_tags",
        "customer",
        "customers_of",
        "departments",
        "followers",
        "group_chat",
        "group_chats",
        "jsapi_ticket",
        "mass_messages",
        "mass_results",
        "mass_tasks",
        "staff_by_code",
        "staff_days",
        "staff_list",
        "staff_of",
        "warm",
    }
)
"""The methods that change nothing outside; every other one asks the gate, but for those that take back."""

TAKES_BACK = frozenset({"cancel_mass_message"})
"""Allowed however the gate stands: to take back is how one stops."""


class WeCom(Reads, MassReads, Effects, Sends):
    """One app of one corp. Threads share it; every network call first asks `before_call`, which may refuse by raising.

    `on_call` hears the endpoint, the errcode (0 fine, None no answer) and the seconds of each HTTP call; `now` is the
    runtime's clock; `wait` sleeps between two looks for a token somebody else is fetching; `timeouts` are the seconds
    to connect and to wait for an answer.
    """

    def __init__(
        self,
        *,
        base_url: str,
        corp_id: str,
        agent_id: int,
        secret: str,
        tokens: TokenStore,
        gate: Gate,
        before_call: Callable[[], None],
        on_call: Callable[[str, int | None, float], None],
        now: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
        timeouts: tuple[float, float] = (3.0, 10.0),
    ) -> None:
        api = Transport(
            base_url,
            before_call=before_call,
            on_call=on_call,
            token=self._access,
            has_token=lambda: self._refresher.at_hand(self._names["access"]) is not None,
            timeouts=timeouts,
        )
        super().__init__(api, gate, agent_id)
        self._corp_id = corp_id
        self._secret = secret
        self._names = {kind: f"wecom:{corp_id}:{agent_id}:{kind}" for kind in ("access", "jsapi", "agent_jsapi")}
        self._refresher = Refresher(tokens, now=now, wait=wait, remaining=api.remaining)
        self._before_call = before_call

    def __repr__(self) -> str:
        return f"<WeCom {self._corp_id}>"

    def __getstate__(self) -> object:
        raise TypeError("a gateway holds a secret: it is never pickled")

    def access_token(self) -> str:
        """GET gettoken (1.2) when the token on record is ending; a wrong secret is not tried again for 10 minutes."""
        return self._access(None).value

    def jsapi_ticket(self) -> str:
        """GET get_jsapi_ticket (10.2): the corp's, 7200 s, at most 400 fetches an hour."""
        return self._ticket("jsapi", AHEAD)

    def agent_ticket(self) -> str:
        """GET ticket/get?type=agent_config (10.2): the app's, 7200 s, at most 100 fetches an hour."""
        return self._ticket("agent_jsapi", AHEAD)

    def cached_ticket(self, kind: TicketKind) -> str | None:
        """The ticket on record while it is good, None when cold; never asks WeCom. For use inside a web request."""
        return self._refresher.on_record(self._names[kind])

    def warm(self, *, ahead: timedelta = timedelta(minutes=10)) -> None:
        """Renew the access token and both tickets when they end within `ahead`; safe to repeat, a job's work.

        A ticket that is refused does not keep the other cold; the first error is raised at the end.
        """
        self._access(None, ahead)
        failed: list[WeComError] = []
        for kind in ("agent_jsapi", "jsapi"):
            try:
                self._ticket(kind, ahead)
            except WeComError as problem:
                failed.append(problem)
        if failed:
            raise failed[0]

    def _access(self, refused: StoredToken | None, ahead: timedelta = AHEAD) -> StoredToken:
        self._before_call()
        return self._refresher.current(
            self._names["access"], "gettoken", self._fetch_token, refused=refused, ahead=ahead
        )

    def _ticket(self, kind: TicketKind, ahead: timedelta) -> str:
        self._before_call()
        endpoint, fetch = {
            "jsapi": ("get_jsapi_ticket", self._api.jsapi.get_ticket),
            "agent_jsapi": ("ticket/get", self._api.jsapi.get_agent_ticket),
        }[kind]
        return self._refresher.current(self._names[kind], endpoint, fetch, ahead=ahead).value

    def _fetch_token(self) -> dict[str, Any]:
        secrets = {"corpid": self._corp_id, "corpsecret": self._secret}
        answer = self._api.exchange("get", "gettoken", params=secrets)
        if answer.get("errcode", 0) != 0:
            raise error_for("gettoken", answer["errcode"])
        return answer
