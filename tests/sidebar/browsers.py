"""The sidebar in the system's Chromium: inside the sandbox's chat, or a page by itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Locator, Page, Route

FOLDER = os.environ.get("SCREENSHOTS")
PHONES = [(320, 640), (360, 640), (375, 740), (420, 860)]
DESKTOP = (1280, 860)
NARROWEST: dict[Literal["light", "dark"], int] = {"light": 320, "dark": 360}  # sizes do not depend on the scheme
GOODS = {
    "wipes": '<path fill="#e3f0e8" d="M0 0h48v48H0z"/><path fill="#fff" d="m24 8 7 8H17z"/>'
    '<path fill="#8fc7ab" d="M8 15h32v10H8z"/><path fill="#5fa881" d="M16 16h16v4H16z"/>'
    '<path fill="#fff" d="M8 25h32v14H8z"/><circle cx="24" cy="32" r="4" fill="#f0a868"/>',
    "tulips": '<path fill="#fbe7e4" d="M0 0h48v48H0z"/>'
    '<path stroke="#5e9b72" stroke-width="2" d="M16 22l6 14M24 20v16M32 22l-6 14"/>'
    '<path fill="#e8837a" d="M11 14l5 3 5-3v6a5 5 0 0 1-10 0zM27 14l5 3 5-3v6a5 5 0 0 1-10 0z"/>'
    '<path fill="#d9534a" d="M19 10l5 3 5-3v7a5 5 0 0 1-10 0z"/><path fill="#e3d3b0" d="m14 29 10 5 10-5-4 13H18z"/>',
    "nappies": '<path fill="#e9f0f7" d="M0 0h48v48H0z"/><path stroke="#8fb0d8" stroke-width="2" d="M19 16v-4h10v4"/>'
    '<path fill="#cfe0f1" d="M9 15h30v23H9z"/><path fill="#a9c4e2" d="M9 15h30v6H9z"/>'
    '<path fill="#fff" d="M16 26h16c0 6-3 9-8 9s-8-3-8-9z"/><path fill="#f0a868" d="M16 24h16v3H16z"/>',
    "milk": '<path fill="#e8edf6" d="M0 0h48v48H0z"/><path fill="#fff" d="M14 12h20v28H14z"/>'
    '<ellipse cx="24" cy="12" rx="10" ry="3" fill="#d9b45a"/><path fill="#9db6d6" d="M14 20h20v14H14z"/>'
    '<circle cx="24" cy="27" r="5" fill="#fff"/><path stroke="#9db6d6" stroke-width="1.5" d="M22 27c1 2 3 2 4 0"/>',
}
"""What shops would have photographs of."""


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
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        has_touch=size[0] < 600,
        locale="zh-CN",
        **more,
    )
    for name, drawn in GOODS.items():
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none">{drawn}</svg>'
        context.route(f"**/pictures/{name}.svg", partial(_drawn, svg=svg))
    page = context.new_page()
    page.set_default_timeout(8000)
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if _is_a_problem(said) else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    yield Chat(page, page.frame_locator("#frame iframe"), problems)
    context.close()


def _is_a_problem(said: ConsoleMessage) -> bool:
    """Taking a picture leaves styles behind that the page's own policy refuses."""
    return said.type in ("error", "warning") and not (FOLDER and "inline style" in said.text)


def _drawn(route: Route, svg: str) -> None:
    route.fulfill(body=svg, content_type="image/svg+xml")


def looks_right(chat: Chat, root: Locator | None = None, *, least: int = 3) -> None:
    """What is on the screen: fits the narrowest phones, stands out by day and by night, and is large enough to tap."""
    page, root = chat.page, root or chat.side.locator("html")
    size = page.viewport_size
    assert size is not None
    usual: Any = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
    found = []
    for scheme, width in NARROWEST.items():
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 640})
        seen = root.evaluate(CONTRAST)
        assert seen["seen"] >= least
        wide = root.evaluate("html => html.scrollWidth - html.clientWidth")
        found.append((scheme, width, wide, seen["pale"], root.evaluate(SMALL)))
    page.emulate_media(color_scheme=usual)
    page.set_viewport_size(size)
    assert found == [(*each, 0, [], []) for each in NARROWEST.items()]


CONTRAST = """
() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const solid = (colour) => colour[3] ?? 1;
  const over = (top, under) => [0, 1, 2].map((n) => top[n] * solid(top) + under[n] * (1 - solid(top)));
  const linear = (v) => v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = (rgb) => [.2126, .7152, .0722].reduce((sum, share, n) => sum + share * linear(rgb[n]), 0);
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length && solid(colour) > 0) layers.push(colour);
      if (colour.length && solid(colour) === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const pale = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.getClientRects().length || element.closest("[inert]")) continue;
    const behind = ground(element);
    const front = over(parse(getComputedStyle(element).color), behind);
    const [high, low] = [light(front), light(behind)].sort((a, b) => b - a);
    const ratio = (high + .05) / (low + .05);
    seen++;
    if (ratio < 4.5) pale.push([element.className, text.slice(0, 12), ratio.toFixed(2)]);
  }
  return { seen, pale };
}
"""
SMALL = """
() => [...document.querySelectorAll(
    "button, summary, a[href], select, textarea, input:not([type=radio], [type=checkbox]), label.filter, label.check")]
  .filter((one) => one.getClientRects().length && !one.closest("[inert]"))
  .map((one) => [one.textContent.trim().slice(0, 10) || one.getAttribute("aria-label"), one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([name, box]) => `${name} ${box.width}x${box.height}`)
"""
