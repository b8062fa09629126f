"""One POST to a shop's address: looked up once, refused when it leads inside, no redirects, five seconds."""

import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

TIMEOUT_SECONDS, TOTAL_SECONDS = 5.0, 10.0


class Answer(NamedTuple):
    """The status, and what the other side asks us to wait; what else it says is not read."""

    status: int
    retry_after_seconds: int


class PrivateAddress(Exception):
    """The name leads to this machine or into a network of its own."""


class NoAnswer(Exception):
    """No address, no connection, no answer in time, or none that is HTTP."""


def post(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool) -> Answer:
    """Send, to the very address that was looked at. Raises `PrivateAddress` or `NoAnswer`; neither quotes anything."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = _address(host, port, allow_private=allow_private)
    connection = _Connection(host, port, address, ssl.create_default_context() if secure else None)
    late = threading.Timer(TOTAL_SECONDS, connection.cut)
    late.daemon = True
    late.start()
    try:
        connection.request("POST", target(url), body, headers)
        answer = connection.getresponse()
        asked = answer.headers.get("Retry-After", "")
        return Answer(answer.status, int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0)
    except (OSError, http.client.HTTPException, ValueError):
        failure = NoAnswer()
    finally:
        late.cancel()
        connection.close()
    raise failure  # outside the except: the original's text may quote the address


def target(url: str) -> str:
    """Path and query as they stand in the request line: what is signed."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def is_inside(address: str) -> bool:
    """Whether an address is anything but the open Internet's."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        for inner in (found.ipv4_mapped, found.sixtofour, found.teredo[1] if found.teredo else None):
            if inner is not None:
                return is_inside(str(inner))
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_inside(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return not found.is_global or found.is_multicast


def _address(host: str, port: int, *, allow_private: bool) -> str:
    """The first of the name's addresses; one that leads inside refuses them all."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise NoAnswer
    if not allow_private and any(map(is_inside, found)):
        raise PrivateAddress
    return found[0]


class _Connection(http.client.HTTPConnection):
    """To an address that is already known, so that no second look-up can lead elsewhere."""

    def __init__(self, host: str, port: int, address: str, secure: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self.default_port = 443 if secure else 80  # the Host header names any other
        self._address, self._secure = address, secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        if self._secure:
            self.sock = self._secure.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """From another thread: whoever drips an answer is not waited for."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)
