"""`python -m bench`: every row, as a Markdown table and as JSON in bench/results/. `SCALE=full` for the big one."""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from bench import callbacks, first_load, imports, intake, lag, locks, planning, schedule, sidebar, sync

ROWS = (
    callbacks.rows, lag.rows, schedule.rows, planning.rows, sync.rows, imports.rows, intake.rows, locks.rows,
    sidebar.rows, first_load.rows,
)  # fmt: skip
FOLDER = Path(__file__).resolve().parent / "results"


def main() -> None:
    full = os.environ.get("SCALE") == "full"
    found: list[dict[str, Any]] = []
    for rows in ROWS:
        for row in rows(full):
            found.append(row)
            print(f"measured: {row['row']}", file=sys.stderr, flush=True)
    FOLDER.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "scale": "full" if full else "quick"}
    (FOLDER / "latest.json").write_text(json.dumps({"machine": machine, "rows": found}, ensure_ascii=False, indent=1))
    table = "\n".join(["| row | figure | value |", "|---|---|---|", *_lines(found)])
    (FOLDER / "latest.md").write_text(table + "\n")
    print(table)


def _lines(found: list[dict[str, Any]]) -> list[str]:
    return [f"| {row['row']} | {name} | {value} |" for row in found for name, value in row.items() if name != "row"]


if __name__ == "__main__":
    main()
