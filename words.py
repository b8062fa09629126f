"""Screen text in the reader's language; the Chinese is the key."""

import flask_babel


def gettext(message: str, **values: object) -> str:
    return str(flask_babel.gettext(message, **values))
