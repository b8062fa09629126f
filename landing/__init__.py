"""Door: customers open a page we sent them."""

from landing import back, bind, official, parcel, privacy, products
from landing.door import blueprint

PAGES = ("/p", "/bind", "/privacy")
FOLDERS = ("/landing/", "/g/")

__all__ = ["FOLDERS", "PAGES", "back", "bind", "blueprint", "official", "parcel", "privacy", "products"]
