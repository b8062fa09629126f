"""The sidebar in the system's Chromium: inside the sandbox's chat, or a page by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, FrameLocator, Page

PHONES = [(320, 640), (360, 640), (375, 740)]
DESKTOP = (1280, 860)


@dataclass
class Chat:
    """A member's client with one chat open and the sidebar beside it."""

    page: Page
    side: FrameLocator
    problems: list[str]


@contextmanager
def opened(
    chromium: Browser, address: str, size: tuple[int, int], scheme: Any = "light", **more: Any
) -> Iterator[Chat]:
    """What the page and its frames complain about is collected."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, has_touch=size[0] < 600, **more
    )
    page = context.new_page()
    page.set_default_timeout(8000)
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    yield Chat(page, page.frame_locator("#frame iframe"), problems)
    context.close()
