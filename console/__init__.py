"""Door: operators run the business."""

from console import audits, coupons, home, inbox, media, outbound, sign_in, users
from console.door import blueprint

__all__ = ["audits", "blueprint", "coupons", "home", "inbox", "media", "outbound", "sign_in", "users"]
