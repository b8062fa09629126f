"""The set-up: what is due, what is said when something is missing, and what the locks may hold."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest

from bootstrap import VENDOR, Checkout, alone, digest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-uv.txt", "requirements-node.txt"]


def run(script: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *words],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **environ},
        timeout=60,
        check=False,
    )


def repository_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("this checkout is no git repository")
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]  # CI may run as another user than the owner
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture
def checkout(tmp_path):
    """A checkout without packages, whose front-end files stand in node_modules."""
    for source in chain.from_iterable(VENDOR.values()):
        (tmp_path / "node_modules" / source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "node_modules" / source).write_text(f"/* {source} */" * 99)
    for name in (*LOCKS, "package.json", "package-lock.json"):
        (tmp_path / name).write_text(name)
    return Checkout(tmp_path)


@pytest.fixture
def finished(checkout):
    """The same, as a complete set-up leaves it."""
    checkout.python.parent.mkdir(parents=True)
    checkout.python.write_text("")
    checkout.copy_vendor()
    checkout.stamps.set(**{step.name: step.stamp for step in checkout.steps()})
    return checkout


def due(checkout: Checkout) -> list[str]:
    return [step.name for step in checkout.steps() if step.is_due(checkout.stamps.read())]


def test_a_new_checkout_has_every_step_before_it(checkout):
    assert due(checkout) == ["venv", "uv", "python", "npm", "vendor"]


def test_a_finished_set_up_has_nothing_left_to_do(finished):
    assert due(finished) == []
    assert finished.set_up() == 0


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("requirements.lock", ["python"]),
        ("requirements-uv.txt", ["uv"]),
        ("package-lock.json", ["npm", "vendor"]),
        ("requirements-dev.lock", []),
    ],
)
def test_a_changed_lock_brings_back_the_step_made_from_it(finished, changed, again):
    (finished.root / changed).write_text("newer")

    assert due(finished) == again


def test_tests_need_more_than_a_demo_and_a_demo_takes_nothing_away(finished):
    for_tests = Checkout(finished.root, dev=True)
    assert due(for_tests) == ["python", "npm", "vendor"]

    for_tests.stamps.set(layout="dev", **{step.name: step.stamp for step in for_tests.steps()})

    assert due(Checkout(finished.root)) == []


def test_a_moved_checkout_gets_a_venv_of_its_own(finished, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("moved") / "shop"
    finished.root.rename(elsewhere)

    assert due(Checkout(elsewhere)) == ["venv"]


def test_results_that_went_missing_are_made_again(finished):
    (finished.vendor / "manifest.json").unlink()

    assert due(finished) == ["vendor"]
    assert finished.set_up() == 1
    assert due(finished) == []


def test_a_catalog_is_compiled_when_its_text_changes(finished):
    catalog = finished.root / "translations" / "en" / "LC_MESSAGES" / "messages.po"
    catalog.parent.mkdir(parents=True)
    catalog.write_text('msgid "券"')
    assert due(finished) == ["translations"]

    catalog.with_suffix(".mo").write_text("")
    finished.stamps.set(translations=finished.steps()[-1].stamp)
    assert due(finished) == []

    catalog.write_text('msgid "优惠券"')
    assert due(finished) == ["translations"]


def test_a_half_written_stamp_file_counts_as_none(finished):
    finished.stamps.path.write_text('{"venv": "ab')

    assert "venv" in due(finished)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_a_step_that_was_killed_is_due_again(finished):
    finished.python.write_text("#!/bin/sh\nexec sleep 60\n")  # an installer that takes its time
    finished.python.chmod(0o755)
    (finished.root / "requirements.lock").write_text("newer")
    script = (
        f"from pathlib import Path; from bootstrap import Checkout; Checkout(Path({str(finished.root)!r})).set_up()"
    )

    set_up = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE)
    try:
        while finished.stamps.read().get("unfinished") != "python" and set_up.poll() is None:
            time.sleep(0.02)
    finally:
        os.killpg(set_up.pid, signal.SIGKILL)
        set_up.communicate()

    assert due(finished) == ["python"]
    assert finished.stamps.read()["unfinished"] == "python"


def test_front_end_files_are_named_by_their_content_with_a_gzip_beside(checkout):
    checkout.copy_vendor()

    manifest = json.loads((checkout.vendor / "manifest.json").read_text())
    assert manifest.keys() == VENDOR.keys()
    for name, sources in VENDOR.items():
        content = b"\n".join((checkout.node_modules / source).read_bytes() for source in sources)
        assert (checkout.vendor / manifest[name]).read_bytes() == content
        assert gzip.decompress((checkout.vendor / f"{manifest[name]}.gz").read_bytes()) == content
        assert re.fullmatch(r"[\w-]+\.[0-9a-f]{12}\.min\.(js|css)", manifest[name])


def test_new_front_end_files_replace_the_old_ones(checkout):
    checkout.copy_vendor()
    before = set(os.listdir(checkout.vendor))
    (checkout.node_modules / VENDOR["htmx.js"][0]).write_text("newer")

    checkout.copy_vendor()

    after = set(os.listdir(checkout.vendor))
    assert len(after) == len(before)
    assert len(after - before) == 2


def test_no_cache_lies_outside_the_checkout(checkout):
    environ = checkout.environment()

    for name in ("PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache"):
        assert Path(environ[name]).is_relative_to(checkout.root)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_so_in_words(tmp_path, module):
    (tmp_path / "bootstrap.py").write_bytes((ROOT / "bootstrap.py").read_bytes())
    (tmp_path / "poor").mkdir()
    (tmp_path / "poor" / f"{module}.py").write_text(f"raise ModuleNotFoundError('no', name='{module}')")

    done = run(tmp_path / "bootstrap.py", PYTHONPATH=str(tmp_path / "poor"))

    assert done.returncode == 1
    assert f"缺少 {module} 模块" in done.stderr
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python_is_told_so_in_words(tmp_path):
    old = "import sys; sys.version_info = (3, 10, 0); import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
    script = tmp_path / "old.py"
    script.write_text(old)

    done = run(script, str(ROOT / "bootstrap.py"))

    assert done.returncode == 1
    assert "3.11" in done.stderr
    assert "3.10" in done.stderr


def test_an_unknown_word_shows_the_usage():
    done = run(ROOT / "bootstrap.py", "--nonsense")

    assert done.returncode == 2
    assert "python3 bootstrap.py demo" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows locks the file itself")
def test_a_second_set_up_waits_for_the_first(tmp_path):
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path; from bootstrap import alone\n"
    script += f"with alone(Path({str(tmp_path)!r})): print('in')"
    (tmp_path / "second.py").write_text(script)

    with alone(tmp_path):
        second = subprocess.Popen([sys.executable, tmp_path / "second.py"], stdout=subprocess.PIPE, encoding="utf-8")
        assert second.stdout is not None
        waiting = second.stdout.readline()

    assert "waiting" in waiting
    assert second.communicate(timeout=20)[0] == "in\n"


def test_locks_hold_hashes_and_no_addresses():
    for name in LOCKS:
        text = (ROOT / name).read_text()
        assert not re.search(r"://|\bfile:|--\w*index|--find-links|@ ", text), name
        for requirement in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[\w.-]+==", requirement), f"{name}: {requirement[:60]}"
            assert "--hash=sha256:" in requirement, f"{name}: {requirement[:60]}"
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not any("resolved" in package for package in packages.values())
    assert "://" not in (ROOT / "package-lock.json").read_text()


def test_tests_run_on_the_very_versions_that_are_shipped():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_the_tree_names_no_registry_and_no_place_of_a_machine():
    registries = ["pypi~.org", "pythonhosted~.org", "registry~.npm", "npm~mirror", "tuna~.tsinghua"]
    places = ["/~work/", "/~root/", "/~opt/pypi"]
    words = [word.replace("~", "") for word in (*registries, *places)]  # so that this file does not name them either
    found = []
    for path in repository_files():
        content = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in words if word in content]

    assert found == []


def test_a_second_start_of_this_checkout_does_nothing_slow():
    if due(Checkout(ROOT, dev=True)):
        pytest.skip("this checkout was not set up by bootstrap.py --dev")
    begun = time.monotonic()

    done = run(ROOT / "bootstrap.py", "--dev")

    assert time.monotonic() - begun < 3  # 0.1 s on a quiet machine
    assert done.returncode == 0
    assert "everything is set up" in done.stdout


def test_a_digest_tells_a_missing_file_from_an_empty_one(tmp_path):
    empty = tmp_path / "empty"
    missing = digest(empty)
    empty.touch()

    assert digest(empty) != missing
