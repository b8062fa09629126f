"""The privacy text customers see: the shop's own file, or ours; its first line is its version."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from runtime import ROOT, runtime

OURS = Path("landing/privacy.txt")


@dataclass(frozen=True)
class PrivacyText:
    version: str
    parts: list[tuple[str, list[str]]]  # headings and their paragraphs


def privacy_text() -> PrivacyText:
    """The text in force; `{shop}` in it is the shop's name."""
    settings = runtime().settings
    own = settings.landing.privacy_file
    return _read(Path(own) if own else ROOT / OURS, settings.business.name)


@lru_cache(8)
def _read(path: Path, shop: str) -> PrivacyText:
    version, _, text = path.read_text("utf-8").replace("{shop}", shop).partition("\n")
    parts: list[tuple[str, list[str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("# ") or not parts:
            parts.append((line.removeprefix("# "), []))
        else:
            parts[-1][1].append(line)
    return PrivacyText(version.strip(), parts)
