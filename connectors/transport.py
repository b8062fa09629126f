"""How a call reaches a platform: one HTTP request, a JSON object back. Nothing is logged: URLs hold tokens."""

import ipaddress
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.documents import Document, dump, parse
from connectors.errors import Misfit, Refused, Temporary, Throttled

TIMEOUTS = (5.0, 20.0)
LARGEST_ANSWER = 32 * 1024 * 1024
THROTTLED_SECONDS = 60.0


class Http:
    """Shared by threads, each with a connection of its own; `before_call` is asked before anything leaves."""

    def __init__(
        self, *, before_call: Callable[[], None], new_session: Callable[[], requests.Session] = requests.Session
    ) -> None:
        self._before_call = before_call
        self._new_session = new_session
        self._local = threading.local()

    def get(self, url: str, params: Mapping[str, str]) -> Document:
        return self._call("GET", url, params=params)

    def post(self, url: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None) -> Document:
        """The body as JSON."""
        headers = {"Content-Type": "application/json"}
        return self._call("POST", url, params=params, data=dump(body), headers=headers)

    def post_form(self, url: str, fields: Mapping[str, str]) -> Document:
        return self._call("POST", url, data=fields)

    def _call(self, method: str, url: str, **parts: Any) -> Document:
        self._before_call()
        status, content = self._send(method, url, parts)
        if status == 429:
            raise Throttled(status, THROTTLED_SECONDS)
        if status >= 500:
            raise Temporary(status)
        if status != 200:
            raise Refused(status)
        try:
            return parse(content)
        except Misfit:
            raise Temporary("not_json") from None  # a page of some proxy in between

    def _send(self, method: str, url: str, parts: dict[str, Any]) -> tuple[int, bytes]:
        session = self._session()
        session.trust_env = not _is_loopback(url)
        try:
            with session.request(method, url, timeout=TIMEOUTS, allow_redirects=False, stream=True, **parts) as answer:
                content = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
                if len(content) <= LARGEST_ANSWER:
                    return answer.status_code, content
                failure: Temporary | Refused = Refused("too_large")
        except (requests.RequestException, OSError) as problem:
            failure = Temporary(type(problem).__name__)
        except Exception as problem:  # urllib3's own, while the body is read
            if not type(problem).__module__.startswith("urllib3"):
                raise
            failure = Temporary(type(problem).__name__)
        raise failure  # outside the except: the original's text holds the URL, and a chained context would keep it

    def _session(self) -> requests.Session:
        found: requests.Session | None = getattr(self._local, "session", None)
        if found is None:
            found = self._local.session = self._new_session()
        return found


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
