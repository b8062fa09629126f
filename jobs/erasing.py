"""Going through what carries the names of erased customers, in short transactions, until nothing does."""

from crm import erasure_sweeps
from runtime import Runtime


def sweep(runtime: Runtime, customer_id: int) -> int:
    """Go through everything of this customer; how many rows were changed. One broken off is gone on with at night."""
    swept = 0
    while True:
        with runtime.transaction() as session:
            some = erasure_sweeps.sweep_some(session, customer_id)
            if not some:
                erasure_sweeps.done(session, customer_id)
                return swept
        swept += some


def sweep_waiting(runtime: Runtime) -> int:
    """Erasures that were broken off."""
    with runtime.reading() as session:
        waiting = erasure_sweeps.waiting(session)
    return sum(sweep(runtime, customer_id) for customer_id in waiting)
