"""docs/imports.md tells the truth: its example is imported, its presets load, its reasons are all there are."""

import re
from pathlib import Path

import pytest

from files.columns import load, shipped
from files.imports import import_file
from files.reports import REASONS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/imports.md").read_text("utf-8")


def test_the_documented_file_is_imported(runtime, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(re.findall(r"```csv\n(.*?)\n```", TEXT, re.DOTALL)[0] + "\n", "utf-8")

    report = import_file(runtime, file, folder=tmp_path / "imports").as_json()

    assert report["file"]["lines"] == report["imported"]["lines"] == 2


@pytest.mark.parametrize("name", shipped())
def test_every_mapping_that_ships_loads_and_is_named(name):
    assert load(name).columns.order_no
    assert f"`{name}`" in TEXT


def test_every_reason_is_documented():
    assert [reason for reason in REASONS if f"`{reason}`" not in TEXT] == []
