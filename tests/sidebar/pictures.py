"""`python -m tests.sidebar.pictures`: the sidebar's states as pictures in docs/pictures, taken by its browser tests."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.sidebar.palettes import with_palette

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
STATES = (
    "card-320", "card-360-light", "card-375-dark", "card-420-light", "folds", "orders", "orders-420-dark", "order",
    "order-420-dark", "sheet-360-light", "sheet-375-dark", "sent-375-dark", "sent-420-light", "used-360-light",
    "coupon-360-light", "claimed-375-dark", "call", "call-result", "plan-call", "todo-sheet", "tag-sheet", "profile",
    "words", "products", "group", "redeem", "mine", "skeleton", "pending", "unmatched", "unmatched-420-dark", "new",
    "late", "offline", "offline-420-dark", "silent", "session", "broken", "refused", "outside", "typed",
    "forbidden-domain", "forbidden-app", "forbidden-list", "forbidden-member", "unknown", "failed", "cancelled",
    "rehearsal",
)  # fmt: skip
MOST_BYTES = 1_500_000


def main() -> int:
    with tempfile.TemporaryDirectory() as taken:
        tests = sorted(map(str, Path(__file__).parent.glob("test_*browser.py")))
        command = [sys.executable, "-m", "pytest", "-q", "-n0", *tests]
        status = subprocess.run(command, env=os.environ | {"SCREENSHOTS": taken}, check=False).returncode
        return status or keep(Path(taken))


def keep(taken: Path) -> int:
    """Put what was taken in the place of what is there; 1 when a picture is missing, or all are too large."""
    missing = [name for name in STATES if not (taken / f"{name}.png").exists()]
    if missing:
        print("no picture of:", ", ".join(missing))
        return 1
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("sidebar-*.png"):
        old.unlink()
    for name in STATES:
        (FOLDER / f"sidebar-{name}.png").write_bytes(with_palette((taken / f"{name}.png").read_bytes()))
    size = sum(path.stat().st_size for path in FOLDER.glob("sidebar-*.png"))
    print(f"{len(STATES)} pictures, {size / 1e6:.2f} MB")
    return int(size > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
