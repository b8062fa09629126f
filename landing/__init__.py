"""Door: customers open a page we sent them."""

from landing import back, bind, coupons, official, parcel, privacy, products
from landing.door import blueprint

PAGES = ("/p", "/bind", "/privacy")
FOLDERS = ("/landing/", "/g/", "/c/")

__all__ = ["FOLDERS", "PAGES", "back", "bind", "blueprint", "coupons", "official", "parcel", "privacy", "products"]
