"""WeCom said no, sorted by what to do. No message here ever holds a URL, a token or a secret."""


class WeComError(Exception):
    """A failed call: `errcode` is WeCom's (None when there was no answer), `endpoint` the path without the query."""

    def __init__(self, endpoint: str, errcode: int | None = None, reason: str = "") -> None:
        super().__init__(endpoint, errcode, reason)
        self.endpoint = endpoint
        self.errcode = errcode
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.endpoint}: errcode {self.errcode} {self.reason}".rstrip()


class TokenInvalid(WeComError):
    """The token was refused again after one refresh."""


class Throttled(WeComError):
    """45009: the frequency limit of this API. Wait for the window."""

    def __init__(self, endpoint: str, errcode: int | None = None, reason: str = "", retry_after_seconds: int = 60):
        super().__init__(endpoint, errcode, reason)
        self.args = (endpoint, errcode, reason, retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class Temporary(WeComError):
    """Busy, too much at once, no connection: the call had no effect; try again with growing pauses."""


class Dispatching(Temporary):
    """41063: the mass message is just being handed out; ask again after some seconds."""


class Unanswered(WeComError):
    """The request went out and no answer came: nobody can say whether it had its effect."""


class Permanent(WeComError):
    """Will fail again until a person changes something."""


class NotAContact(WeComError):
    """84061: this member and this customer are no contacts; 40096: nobody has this external_userid."""


class CodeSpent(WeComError):
    """40029, 42003, 42022: the sign-in code is used, expired or unknown."""


class WelcomeSpent(WeComError):
    """41050: the welcome code is used, expired or unknown."""


class ChatStarted(WeComError):
    """41051: they are already chatting, or somebody else's welcome went out."""


class WelcomeBusy(WeComError):
    """41096: another app's welcome is being sent; may be tried again after a second."""


class NobodyToSend(WeComError):
    """41048: no one of the recipients can be sent this; nothing was made."""


class MassCancelled(WeComError):
    """41093: the mass message was taken back before."""


class RemindedEnough(WeComError):
    """41094: its senders were reminded three times within 24 hours."""


class GroupGone(WeComError):
    """40050, 49008: there is no such group, or it was dismissed."""


class RobotGone(WeComError):
    """93000, 93004, 93008: the robot was removed, switched off, or taken out of its group."""


class Rehearsed(WeComError):
    """The gate is in rehearsal: this would have been sent."""


class Stopped(WeComError):
    """The gate is shut: everything outbound is held back."""
