"""Door: operators run the business."""

from console import (
    audiences,
    audits,
    coupons,
    customers,
    drop_plans,
    drops,
    home,
    imports,
    inbox,
    jobs,
    media,
    messages,
    outbound,
    pushes,
    sign_in,
    sync,
    users,
)
from console.door import blueprint

__all__ = [
    "audiences",
    "audits",
    "blueprint",
    "coupons",
    "customers",
    "drop_plans",
    "drops",
    "home",
    "imports",
    "inbox",
    "jobs",
    "media",
    "messages",
    "outbound",
    "pushes",
    "sign_in",
    "sync",
    "users",
]
