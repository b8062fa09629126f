"""The API under `/cgi-bin/`, one module an area (docs/wecom.md gives the sections)."""

from sandbox.api import (
    app_messages,
    contact_list,
    contact_ways,
    customers,
    group_transfers,
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
    transfers,
    welcome,
)
from sandbox.api.dispatch import blueprint

__all__ = [
    "app_messages",
    "blueprint",
    "contact_list",
    "contact_ways",
    "customers",
    "group_transfers",
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
    "transfers",
    "welcome",
]
