"""The API under `/cgi-bin/`, one module an area (docs/wecom.md gives the sections)."""

from sandbox.api import (
    app_messages,
    contact_ways,
    customers,
    groups,
    mass,
    mass_results,
    media,
    oauth,
    robots,
    sns,
    staff,
    tags,
    tokens,
    welcome,
)
from sandbox.api.dispatch import blueprint

__all__ = [
    "app_messages",
    "blueprint",
    "contact_ways",
    "customers",
    "groups",
    "mass",
    "mass_results",
    "media",
    "oauth",
    "robots",
    "sns",
    "staff",
    "tags",
    "tokens",
    "welcome",
]
