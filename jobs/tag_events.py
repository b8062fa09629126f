"""What happened to the corp's tags."""

from sqlalchemy.orm import Session

from crm import tags
from jobs.lookups import Effect, Lookups
from runtime import Runtime
from wecom.events import Event


def tags_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect:
    """A tag or group is new, renamed, gone, or they stand in another order: all are asked for."""
    groups, at = lookups.tags()

    def effect(session: Session) -> str:
        tags.learn(session, groups, now=at)
        return ""

    return effect
