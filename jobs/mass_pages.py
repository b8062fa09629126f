"""Reading what WeCom gives page by page, to its end."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from wecom.errors import Temporary
from wecom.reads import MOST_PAGES


class Page(Protocol):
    @property
    def next_cursor(self) -> str: ...


P = TypeVar("P", bound=Page)


def pages(ask: Callable[[str], P], cursor: str = "") -> Iterator[P]:
    """Every page from a cursor on. `Temporary` when they do not end: half an answer proves nothing."""
    for _ in range(MOST_PAGES):
        page = ask(cursor)
        yield page
        if not (cursor := page.next_cursor):
            return
    raise Temporary("mass pages", None, "a cursor that never ends")
