"""Pushes whose time has come, and the planning of every mass message, pushes' and drops'."""

from functools import partial

from sqlalchemy.orm import Session

from crm import mass, pushes, quotas
from runtime import Runtime

CHUNKS_AT_ONCE = 50
"""Then the lane looks after its other work, and a worker that is being stopped gets its thread back."""


def start_due_pushes(runtime: Runtime) -> int:
    """Make the messages of pushes that are due; returns how many."""
    now = runtime.now()
    with runtime.reading() as session:
        if not pushes.has_due(session, now=now):
            return 0
    with runtime.transaction() as session:
        made = pushes.start_due(session, now=now, zone=runtime.zone)
    if made:
        runtime.wake("planning")
    return len(made)


def plan_messages(runtime: Runtime) -> int:
    """Plan one waiting message for a while; returns how many targets it looked at, at least 1.

    Pause and cancel are obeyed between two chunks. Killed anywhere, another worker goes on where this one was.
    """
    with runtime.reading() as session:
        if not mass.has_waiting(session, now=runtime.now()):
            return 0
    with runtime.transaction() as session:
        message_id = mass.lease_planning(session, now=runtime.now())
    if message_id is None:
        return 0
    seen, more = 1, True
    for _ in range(CHUNKS_AT_ONCE):
        with runtime.reading() as session:
            chunk = mass.next_chunk(session, message_id)
        if chunk is None:
            break
        more = runtime.in_transaction(partial(_plan, runtime, chunk))
        seen += len(chunk.targets)
        if not more:
            break
    with runtime.transaction() as session:
        mass.give_back(session, message_id)
    if not more:
        runtime.wake("sending")
    return seen


def _plan(runtime: Runtime, chunk: mass.Chunk, session: Session) -> bool:
    limit = quotas.limit_of(chunk.month, runtime.settings.quota.per_month)
    shop_name = runtime.settings.business.name
    return mass.plan(session, chunk, limit=limit, shop_name=shop_name, now=runtime.now())
