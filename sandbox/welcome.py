"""Welcome codes: given with an add, good for 20 s and once."""

from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import Customer, Follow, Pass

LIFETIME_SECONDS = 20.0


def issue_welcome_code(corp: Corp, follow: Follow, customer: Customer, *, from_half: bool) -> str | None:
    """The code for an add, or None where WeCom sends none."""
    if customer.type == 2:  # a partner's employee
        return None
    if from_half and _half_code_used(corp, follow):
        return None
    if corp.faults.welcome_without_code():
        return None
    holder = {"userid": follow.userid, "external_userid": follow.external_userid, "follow": follow.number}
    return corp.issue("welcome", LIFETIME_SECONDS, holder).value


def open_code(corp: Corp, value: str) -> Pass:
    """The code, when it can still be used. Raises 41050 or 41051."""
    code = corp.state.pass_("welcome", value)
    if code is None or code.used_at is not None or corp.clock.now() > code.expires_at:
        raise Refused(41050)
    chat = corp.state.messages.of_chat(code.holder["userid"], code.holder["external_userid"])
    if any(message.at >= code.issued_at for message in chat):
        raise Refused(41051)
    return code


def _half_code_used(corp: Corp, follow: Follow) -> bool:
    return any(
        code.kind == "welcome" and code.holder["follow"] == follow.number and code.used_at is not None
        for code in corp.state.passes
    )
