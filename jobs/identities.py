"""Who is whom, derived anew: by hand, after something went wrong."""

from crm import persons
from runtime import Runtime


def rebuild_customers(runtime: Runtime) -> int:
    """Derive every `customer_id` again from identities and links; returns how many identities had the wrong one."""
    with runtime.transaction() as session:
        return persons.rebuild(session, now=runtime.now())
