"""Door: staff open a chat."""

from sidebar import contacts, coupons, customers, page, sign_in, signatures, touches, words
from sidebar.door import blueprint

__all__ = ["blueprint", "contacts", "coupons", "customers", "page", "sign_in", "signatures", "touches", "words"]
