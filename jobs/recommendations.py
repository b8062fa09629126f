"""Every night: what goes together and what runs out when, from a year of orders."""

from datetime import timedelta
from functools import partial

from crm.insight import product_pairs
from runtime import Runtime

LOOKED_BACK = timedelta(days=365)
AT_ONCE = 20  # products a transaction: each is up to 11 rows, out and in


def learn_products(runtime: Runtime) -> int:
    """Work out pairs and cycles anew, and keep them product by product; returns how many rows there are."""
    since = runtime.now() - LOOKED_BACK
    with runtime.reading() as session:
        pairs = product_pairs.pairs(session, since=since)
    with runtime.reading() as session:
        cycles = product_pairs.cycles(session, since=since)
    with runtime.reading() as session:
        ids = sorted({*pairs, *cycles, *product_pairs.known(session)})
    kept = 0
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        kept += runtime.in_transaction(partial(product_pairs.replace, ids=some, pairs=pairs, cycles=cycles))
    return kept
