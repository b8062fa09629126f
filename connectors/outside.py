"""What a connector is handed: the way out, the tokens, the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.tokens import TokenStore
from connectors.transport import Http


@dataclass(frozen=True)
class Outside:
    """`base_url` is the platform's, without a slash at its end; `zone` is the one its local times are meant in."""

    http: Http
    tokens: TokenStore
    now: Callable[[], datetime]
    base_url: str
    zone: ZoneInfo
