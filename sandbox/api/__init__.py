"""The API under `/cgi-bin/`, one module an area (docs/wecom.md gives the sections)."""

from sandbox.api import contact_ways, customers, groups, mass, mass_results, media, oauth, staff, tags, tokens, welcome
from sandbox.api.dispatch import blueprint

__all__ = [
    "blueprint",
    "contact_ways",
    "customers",
    "groups",
    "mass",
    "mass_results",
    "media",
    "oauth",
    "staff",
    "tags",
    "tokens",
    "welcome",
]
