"""Who may call a route: every view declares it, and one that does not is refused."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Literal, TypeVar

from flask import Flask, current_app, request

from crm.errors import Refused

Caller = Literal["staff", "user", "shop", "customer", "wecom", "anyone"]
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
