"""What nobody can do in a client."""


class Impossible(Exception):
    """This cannot be done in a client; `code` says why in one word."""

    def __init__(self, code: str, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
