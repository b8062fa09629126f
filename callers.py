"""Who may call a route: every view declares it, and one that does not is refused. How often somebody may."""

import threading
from collections import deque
from collections.abc import Callable, Hashable
from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Literal, TypeVar

from flask import Flask, current_app, request, session

from crm.errors import Refused, TooMany

Caller = Literal["staff", "user", "shop", "customer", "wecom", "anyone"]
MOST_REMEMBERED = 20_000  # of those who asked, by each of the counts below
MOST_SIGN_INS = 3  # of one visit: WeCom is asked anew when it does not answer, before a person is asked to
View = TypeVar("View", bound=Callable[..., object])


def declare(caller: Caller) -> Callable[[View], View]:
    """Mark a view with its caller. The door's own decorator checks the credentials; this one only says who."""

    def mark(view: View) -> View:
        view.caller = caller  # type: ignore[attr-defined]
        return view

    return mark


anyone = declare("anyone")


def caller_of(view: object) -> Caller | None:
    return getattr(view, "caller", None)


def refuse_undeclared(app: Flask) -> None:
    """Default deny: a request that reaches a view without a declared caller is refused."""

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        if caller_of(current_app.view_functions[request.endpoint]) is None:
            raise Refused("This route has not declared who may call it.")


def network_of(address: str | None) -> str:
    """One caller: an IPv4 address, or the /64 that a household or a server has of IPv6."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "none"
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def signs_in_again() -> bool:
    """Whether this browser goes through WeCom's sign-in once more by itself, after one that had no answer."""
    tries: int = session.get("sign_ins", 0) + 1
    if tries < MOST_SIGN_INS:
        session["sign_ins"] = tries
    else:
        session.pop("sign_ins", None)
    return tries < MOST_SIGN_INS


class Window:
    """At most so many in so long, by whoever asks, in this process's memory: several each count their own.

    Safe in many threads.
    """

    def __init__(self, most: int, span: timedelta) -> None:
        self._most, self._span = most, span
        self._asked: dict[Hashable, deque[datetime]] = {}
        self._lock = threading.Lock()

    def take(self, who: Hashable, *, now: datetime) -> None:
        """Count one more. Raises `TooMany` when there were enough."""
        with self._lock:
            times = self._asked.pop(who, None) or deque()
            self._asked[who] = times  # who asked last stands last
            while times and not now - self._span < times[0] <= now:
                times.popleft()
            if len(times) >= self._most:
                wait = (times[0] + self._span - now).total_seconds()
                raise TooMany("太频繁了，过一分钟再来", wait_seconds=max(1, ceil(wait)))
            times.append(now)
            while len(self._asked) > MOST_REMEMBERED:
                del self._asked[next(iter(self._asked))]


class Daily:
    """At most so many a day, by whoever asks; counted as `Window` counts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[Hashable, tuple[date, int]] = {}
        self._lock = threading.Lock()

    def take(self, who: Hashable, number: int, *, on_day: date) -> None:
        """Count so many more. Raises `TooMany` when there were enough."""
        with self._lock:
            day, taken = self._taken.pop(who, (on_day, 0))
            taken = taken if day == on_day else 0
            is_full = taken + number > self._most
            self._taken[who] = on_day, taken if is_full else taken + number
            while len(self._taken) > MOST_REMEMBERED:
                del self._taken[next(iter(self._taken))]
        if is_full:
            raise TooMany("今天太多了，明天再来")
