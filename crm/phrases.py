"""Pieces of text that rules hand to a page: the Chinese is the key of its translation."""

TURNING = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def straight(text: str) -> str:
    """Without the marks by which a name would turn the words after it."""
    return text.translate(TURNING)


class Phrase:
    """What varies goes into `values`, as `%(name)s`; the page puts key and values into the reader's language."""

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = {name: straight(value) if isinstance(value, str) else value for name, value in values.items()}

    def __str__(self) -> str:
        return self.key % self.values if self.values else self.key
