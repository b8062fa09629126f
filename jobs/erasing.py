"""Erasures that were broken off are gone on with."""

from crm import erasure_sweeps
from runtime import Runtime


def sweep_waiting(runtime: Runtime) -> int:
    """Go through what still carries the names of erased customers; how many rows were changed."""
    with runtime.reading() as session:
        waiting = erasure_sweeps.waiting(session)
    return sum(erasure_sweeps.sweep(runtime.transaction, customer_id) for customer_id in waiting)
