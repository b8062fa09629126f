"""The refusal of a whole file."""


class FileRefused(Exception):
    """The file or its mapping cannot be read; the message says why and what to do."""


class Busy(FileRefused):
    """Somebody else is importing this very file."""
