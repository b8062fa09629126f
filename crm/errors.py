"""A rule said no. `app.py` answers each with its status, its code and a sentence for the person who asked."""


class RuleError(Exception):
    """A refusal with a stable code; the message says in the user's words what is so and what to do.

    The message is the key of its translation: what varies goes into `values`, as `%(name)s`.
    """

    code = "refused"
    status = 400

    def __init__(self, message: str = "", *, field: str | None = None, **values: object) -> None:
        self.key = message or self.code
        self.values = values
        self.field = field
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return self.key % self.values if self.values else self.key


class BadInput(RuleError):
    code = "bad_input"
    status = 422


class NotSignedIn(RuleError):
    code = "not_signed_in"
    status = 401


class BadSignature(RuleError):
    """Headers missing, out of date, or not signed by a live key: who signs wrongly learns no more than that."""

    code = "bad_signature"
    status = 401


class Refused(RuleError):
    """Not theirs, or not there: both look the same from outside."""

    code = "refused"
    status = 403


class NotFound(RuleError):
    code = "not_found"
    status = 404


class Conflict(RuleError):
    code = "conflict"
    status = 409


class NonceUsed(Conflict):
    code = "nonce_used"


class TooLarge(RuleError):
    code = "too_large"
    status = 413


class TooMany(RuleError):
    """Enough for now; `wait_seconds`, where it is known, is when it pays to come back."""

    code = "too_many"
    status = 429

    def __init__(self, message: str = "", *, wait_seconds: int | None = None) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(message)


class TryAgain(RuleError):
    """Something we need is not there yet (a cold token): asking again in a moment helps."""

    code = "try_again"
    status = 503
