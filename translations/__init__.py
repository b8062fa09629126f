"""The screen's words: collected from the code and the templates into the catalogs of `translations/`.

    python -m translations      bring every catalog up to date; says what has no translation yet

Chinese is the key; what a rule refuses with (`Refused("…")`) is a key too.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
REFUSALS = (
    "AlreadySent", "AlreadyUsed", "BadInput", "BadSignature", "BatchClosed", "BatchExhausted", "ChangedLink",
    "Conflict", "LimitReached", "NonceUsed", "NotClaimable", "NotForUs", "NotFound", "NotGood", "NotMeant",
    "NotSignedIn", "Phrase", "Refused", "RequestUsed", "TooLarge", "TooMany", "TryAgain",
)  # fmt: skip
HEADER = "# The screen's words; the Chinese is the key. `python -m translations` brings this file up to date."
METHODS = [
    *(
        (f"{folder}**.py", "python")
        for folder in ("bot/", "console/", "crm/", "files/", "landing/", "mall/", "sidebar/")
    ),
    *((name, "python") for name in ("app.py", "bodies.py", "callers.py", "pages.py")),
    ("templates/**.html", "jinja2"),
]
KEYWORDS = {**DEFAULT_KEYWORDS, **dict.fromkeys((*REFUSALS, "lazy_gettext"))}


def collected() -> Catalog:
    """Every key the code and the templates use, with where."""
    catalog = Catalog(project="huitou", charset="utf-8", fuzzy=False)
    found = extract_from_dir(ROOT, METHODS, {"**.html": {"trimmed": "true"}}, KEYWORDS, directory_filter=_is_ours)
    for path, _, message, comments, context in found:
        if any("\u4e00" <= letter <= "\u9fff" for letter in str(message)):  # the rest is for machines
            catalog.add(message, locations=[(path, 0)], auto_comments=comments, context=context)
    return catalog


def _is_ours(folder: str) -> bool:
    name = Path(folder).name
    return not name.startswith(".") and name not in ("node_modules", "var", "static", "tests", "__pycache__")


def catalogs() -> Iterator[tuple[Path, Catalog]]:
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale=path.parent.parent.name)


def untranslated(catalog: Catalog) -> list[str]:
    """Keys in use that the catalog does not know, or only guesses."""
    known = {message.id for message in catalog if message.id and message.string and not message.fuzzy}
    return sorted(str(message.id) for message in collected() if message.id and message.id not in known)


def compile_stale() -> None:
    """What the set-up does: each .mo that is older than its .po, replaced in one step."""
    for path, catalog in catalogs():
        compiled = path.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        fresh = path.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            write_mo(file, catalog)
        fresh.replace(compiled)


def update() -> int:
    """Bring every catalog up to date; 1 when something has no translation."""
    missing = 0
    for path, catalog in catalogs():
        created = catalog.creation_date
        catalog.update(collected(), no_fuzzy_matching=True)
        catalog.creation_date = catalog.revision_date = created
        catalog.header_comment = HEADER
        catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
        catalog.obsolete.clear()
        out = BytesIO()
        write_po(out, catalog, width=120, omit_header=False, no_location=True, sort_output=True)
        path.write_bytes(out.getvalue())
        for key in untranslated(catalog):
            print(f"{path.parent.parent.name}: {key}")
            missing += 1
    return 1 if missing else 0
