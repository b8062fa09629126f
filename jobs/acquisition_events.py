"""What happened with an acquisition link."""

from sqlalchemy.orm import Session

from crm import acquisitions
from jobs.lookups import Effect, Lookups
from runtime import Runtime
from wecom.events import Event


def link_did(runtime: Runtime, event: Event, lookups: Lookups) -> Effect:
    """A link was opened, asked, talked through, deleted, or its quota runs low."""
    now = runtime.now()

    def effect(session: Session) -> str:
        return "" if acquisitions.note(session, event, now=now) else "早就记下了"

    return effect
