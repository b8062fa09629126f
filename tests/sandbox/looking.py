"""Pages of the sandbox in the system's Chromium, and what a look at one must not find."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

PHONES = [(360, 640), (375, 740)]
DESKTOP = (1280, 800)


@contextmanager
def opened(
    chromium: Browser, address: str, size: tuple[int, int] = DESKTOP, scheme: Any = "light", errors: int = 0
) -> Iterator[Page]:
    """A page that must end with no more than so many errors on its console."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(8000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert len(wrong) == errors, wrong


def too_wide(page: Page) -> int:
    return int(page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)"))


# What in a sheet is smaller than a finger.
SMALL_TARGETS = """(sheet) => [...sheet.querySelectorAll('button, label:has(input)')].filter((node) => {
  const { width, height } = node.getBoundingClientRect();
  return width < 44 || height < 44;
}).map((node) => node.textContent)"""

# Visible texts whose contrast with the nearest opaque ground is below 4.5.
PALE_TEXTS = """() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const grounds = new Map([[null, [255, 255, 255]]]);
  const ground = (node) => {
    if (!grounds.has(node)) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      grounds.set(node, colour.length === 3 || colour[3] === 1 ? colour : ground(node.parentElement));
    }
    return grounds.get(node);
  };
  const pale = [];
  for (const node of document.querySelectorAll('body *')) {
    const words = [...node.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim());
    if (!words.length || !node.checkVisibility() || node.closest('.unseen, noscript, :disabled')) continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) pale.push(`${node.textContent.trim()}: ${ratio.toFixed(2)}`);
  }
  return pale;
}"""
