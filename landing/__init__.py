"""Door: customers open a page we sent them."""

from landing import back, parcel, privacy
from landing.door import blueprint

PAGES = ("/p", "/bind", "/privacy")
FOLDERS = ("/landing/", "/g/")

__all__ = ["FOLDERS", "PAGES", "back", "blueprint", "parcel", "privacy"]
