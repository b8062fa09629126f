"""What the gateway needs to keep tokens: a store that every process shares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, repr=False)
class StoredToken:
    """A cached token or ticket; never printed."""

    value: str
    expires_at: datetime


class TokenStore(Protocol):
    """Names are `wecom:{corp_id}:{agent_id}:{access|jsapi|agent_jsapi}`."""

    def get(self, name: str) -> StoredToken | None:
        """The token on record, expired or not."""

    def lease(self, name: str, *, seconds: float, unless_newer_than: str | None) -> bool:
        """Win the right to fetch the next one for so many seconds.

        False while somebody else holds it, and when the token on record is no longer `unless_newer_than`.
        """

    def put(self, name: str, token: StoredToken) -> None:
        """Record a fetched token and end the lease."""

    def give_up(self, name: str) -> None:
        """End the lease without a token (the fetch failed)."""
