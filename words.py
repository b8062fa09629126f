"""Screen text in the reader's language; the Chinese is the key."""

from collections.abc import Mapping
from gettext import NullTranslations

import flask_babel
from flask import Flask, g, has_app_context
from flask_babel.speaklater import LazyString


def with_commas(values: Mapping[str, object]) -> dict[str, object]:
    """What goes into a sentence, its counts as 4,000."""
    return {name: f"{value:,}" if type(value) is int else value for name, value in values.items()}


def gettext(message: str, **values: object) -> str:
    found = _catalog().gettext(message)
    return found % values if values else found


def lazy_gettext(message: str) -> LazyString:
    """A word known before its reader is."""
    return LazyString(gettext, message)


def speak(language: str) -> None:
    """From here on this request is answered in this language."""
    g.language = language
    g.pop("catalog", None)
    flask_babel.refresh()


def install(app: Flask) -> None:
    """Templates ask the catalog that the request holds."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: _catalog().gettext(message),
        ngettext=lambda one, many, count: _catalog().ngettext(one, many, count),
        newstyle=True,
    )


def _catalog() -> NullTranslations:
    """Looked up once for a request: a page has hundreds of words, and each would ask for the language again."""
    if not has_app_context():
        return NullTranslations()
    if "catalog" not in g:
        g.catalog = flask_babel.get_translations()
    found: NullTranslations = g.catalog
    return found
