"""Who may import whom: the picture in docs/house-style.md, checked over every import of the tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOORS = {"bot", "sidebar", "console", "landing", "mall", "jobs"}
BELOW_THE_DOORS = {"crm", "models", "wecom", "runtime", "callers", "bodies", "files", "pages", "words"}
EVERYTHING = DOORS | BELOW_THE_DOORS | {"config", "connectors", "sandbox", "clocks", "migrations"}

MAY_IMPORT: dict[str, set[str]] = {  # besides itself
    "app": EVERYTHING | {"commands"},
    "commands": EVERYTHING | {"demo", "doctor", "supervisor", "web"},
    "demo": EVERYTHING | {"demo_programme", "supervisor", "web"},
    "demo_programme": {"crm", "models", "runtime"},
    "doctor": EVERYTHING,
    "supervisor": set(),
    "web": EVERYTHING,
    "bench": EVERYTHING | {"app", "commands"},
    **dict.fromkeys(DOORS, BELOW_THE_DOORS),
    **dict.fromkeys(("mall", "jobs"), BELOW_THE_DOORS | {"connectors"}),
    "console": BELOW_THE_DOORS | {"migrations"},  # /readyz: is the database at the newest script?
    "runtime": {"config", "metrics", "models", "wecom", "connectors"},
    "pages": {"runtime", "words"},
    "callers": {"crm"},
    "bodies": {"crm"},
    "files": {"bodies", "crm", "models", "runtime", "mall"},  # of mall, the form of an order: a file is checked by it
    "crm": {"models", "wecom"},
    **{
        floor: set()
        for floor in (
            "models",
            "wecom",
            "connectors",
            "config",
            "metrics",
            "words",
            "clocks",
            "sandbox",
            "bootstrap",
            "translations",
        )
    },
    "migrations": {"models"},
}
MAY_NOT_USE = {  # from outside the house
    "crm": {"flask", "requests", "time"},
    "models": {"flask", "requests"},
    "wecom": {"flask", "sqlalchemy"},
    "connectors": {"flask", "sqlalchemy"},
    "sandbox": {"wechatpy", "sqlalchemy"},
}
CLOCKS = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the program by its dotted name, with its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0].startswith(".") or parts[0] in ("tests", "node_modules", "var", "static", "docs"):
            continue
        yield ".".join(parts), ast.parse(path.read_text("utf-8"), str(path))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and first name of each import under `tree`; a relative one stays inside its package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.lineno, node.module.split(".")[0]


MODULES = dict(modules())
OURS = {name.split(".")[0] for name in MODULES}


def test_every_top_level_name_has_its_place_in_the_picture():
    assert set() == OURS - MAY_IMPORT.keys()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_stands_below_it(name):
    home = name.split(".")[0]
    allowed = MAY_IMPORT.get(name, MAY_IMPORT[home]) | {home}
    refused = (OURS - allowed) | MAY_NOT_USE.get(home, set())

    assert [f"line {line}: {other}" for line, other in imports(MODULES[name]) if other in refused] == []


@pytest.mark.parametrize("name", MODULES)
def test_nothing_of_ours_is_imported_inside_a_function(name):
    functions = [node for node in ast.walk(MODULES[name]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    inside = {f"line {line}: {other}" for function in functions for line, other in imports(function) if other in OURS}

    assert inside == set()


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] in ("crm", "models")])
def test_rules_and_records_are_told_the_time(name):
    calls = [node for node in ast.walk(MODULES[name]) if isinstance(node, ast.Call)]

    asked = {ast.unparse(call.func) for call in calls} & CLOCKS

    assert asked == set()
