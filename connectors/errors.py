"""A platform said no, or sent what does not fit, sorted by what to do. A platform's texts are not kept: they quote."""


class PlatformError(Exception):
    """`code` is the platform's own number or a word of ours."""

    def __init__(self, code: int | str = "") -> None:
        super().__init__(str(code))
        self.code = str(code)[:64]


class Temporary(PlatformError):
    """No answer, or one that may be another in a moment."""


class Throttled(PlatformError):
    """Too many calls; worth another try after so many seconds."""

    def __init__(self, code: int | str, retry_after_seconds: float) -> None:
        super().__init__(code)
        self.retry_after_seconds = retry_after_seconds


class Unauthorized(PlatformError):
    """The credentials are refused, a fresh token included: only a person can help."""


class Refused(PlatformError):
    """Anything else the platform will not do; asking again does not help by itself."""


class TooMany(PlatformError):
    """More orders in this window than the platform shows: ask for a shorter one."""


class Misfit(PlatformError):
    """What came is not what the platform documents; `code` is the path of the field."""


class BadPush(PlatformError):
    """Not a push from this platform for this shop: unsigned, signed by somebody else, or not readable at all."""
