"""Door: staff open a chat."""

from sidebar import (
    bindings,
    contacts,
    coupons,
    customers,
    page,
    products,
    quick_replies,
    recommended,
    redeem,
    saying,
    sections,
    sign_in,
    signatures,
    tags,
    todos,
    touches,
    words,
)
from sidebar.door import blueprint

__all__ = [
    "bindings",
    "blueprint",
    "contacts",
    "coupons",
    "customers",
    "page",
    "products",
    "quick_replies",
    "recommended",
    "redeem",
    "saying",
    "sections",
    "sign_in",
    "signatures",
    "tags",
    "todos",
    "touches",
    "words",
]
