"""Screen text in the reader's language; the Chinese is the key."""

from collections.abc import Mapping

import flask_babel


def with_commas(values: Mapping[str, object]) -> dict[str, object]:
    """What goes into a sentence, its counts as 4,000."""
    return {name: f"{value:,}" if type(value) is int else value for name, value in values.items()}


def gettext(message: str, **values: object) -> str:
    return str(flask_babel.gettext(message, **values))
