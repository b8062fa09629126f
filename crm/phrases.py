"""Pieces of text that rules hand to a page: the Chinese is the key of its translation."""


class Phrase:
    """What varies goes into `values`, as `%(name)s`; the page puts key and values into the reader's language."""

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return self.key % self.values if self.values else self.key
