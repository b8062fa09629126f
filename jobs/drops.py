"""What drops do by themselves: editions are laid out ahead, and each of their steps happens at its time."""

import logging

from crm import drop_editions, drop_steps
from crm.drop_steps import Means
from runtime import Runtime

log = logging.getLogger("huitou.jobs")


def make_editions(runtime: Runtime) -> int:
    """Lay out every edition that is near; returns how many. One a transaction, so a clock far ahead holds nobody up."""
    with runtime.reading() as session:
        waiting = drop_editions.due_series(session, now=runtime.now())
    made = 0
    for series_id in waiting:
        while True:
            with runtime.transaction() as session:
                edition = drop_editions.make_next(session, series_id, now=runtime.now(), zone=runtime.zone)
            if edition is None:
                break
            made += 1
    return made


def run_steps(runtime: Runtime) -> int:
    """Do what is due; returns how much was done. Safe in many processes.

    A step and what it leads to are one transaction; a step whose recipients are still being written waits.
    """
    done = 0
    with runtime.reading() as session:
        due = drop_steps.due(session, now=runtime.now())
    for step_id in due:
        try:
            with runtime.transaction() as session:
                did = drop_steps.run(session, step_id, means(runtime))
        except Exception as problem:  # the steps of others do not wait for it
            log.error("drop step %s failed: %s", step_id, type(problem).__name__)
            continue
        done += did
    if done:
        runtime.wake("sending")
    return done


def means(runtime: Runtime) -> Means:
    """What a step is handed besides the records."""
    return Means(
        now=runtime.now(),
        zone=runtime.zone,
        seal=runtime.vault.seal,
        open=runtime.vault.open_text,
        staff_url=f"{runtime.settings.server.public_url}/sidebar/",
    )
