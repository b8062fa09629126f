"""`python -m tests.sidebar.pictures`: the sidebar's states as pictures in docs/pictures, taken by its browser tests."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
STATES = (
    "card-320", "card-360", "card-375", "card-dark", "folds", "todo", "orders", "order", "sheet-375", "sent-375",
    "skeleton", "pending", "unmatched", "new", "late", "offline", "silent", "session", "broken", "refused", "outside",
    "typed", "forbidden-domain", "forbidden-app", "forbidden-list", "forbidden-member", "mine", "unknown", "failed",
    "rehearsal",
)  # fmt: skip
MOST_BYTES = 1_500_000


def main() -> int:
    with tempfile.TemporaryDirectory() as taken:
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/sidebar/test_browser.py"]
        status = subprocess.run(command, env=os.environ | {"SCREENSHOTS": taken}, check=False).returncode
        missing = [name for name in STATES if not (Path(taken) / f"{name}.png").exists()]
        if status or missing:
            print("no picture of:", ", ".join(missing))
            return status or 1
        FOLDER.mkdir(exist_ok=True)
        for name in STATES:
            shutil.copy(Path(taken) / f"{name}.png", FOLDER / f"sidebar-{name}.png")
    size = sum(path.stat().st_size for path in FOLDER.glob("sidebar-*.png"))
    print(f"{len(STATES)} pictures, {size / 1e6:.2f} MB")
    return int(size > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
