"""Everything that happens by itself, by name; `run-job NAME` does one by hand. Each is harmless when run twice."""

from collections.abc import Callable

from crm.timings import Daily, Every, Plan
from jobs.behaviour import forget_events
from jobs.contact_edits import write_contact_edits
from jobs.coupons import remind_coupons
from jobs.drops import make_editions, run_steps
from jobs.edits import apply_edits
from jobs.groups import sync_groups
from jobs.identities import rebuild_customers
from jobs.imports import import_files
from jobs.inbox import apply_events
from jobs.mass import create_tasks
from jobs.mass_lost import resolve_lost
from jobs.mass_results import read_results, send_reminders
from jobs.nonces import forget_nonces
from jobs.platform_buyers import ask_unionids
from jobs.platform_pulls import pull_orders
from jobs.platforms import apply_platform_messages
from jobs.pushes import plan_messages, start_due_pushes
from jobs.quotas import check_quotas, import_others
from jobs.recommendations import learn_products
from jobs.retention import forget_old
from jobs.staff_days import read_staff_days
from jobs.staff_messages import send_staff_messages
from jobs.sync import reconcile, sync_all
from jobs.todos import remind_of_todos
from jobs.tokens import warm_tokens
from jobs.totals import check_totals
from jobs.touches import settle_silent_touches
from jobs.webhooks import send_webhooks
from jobs.welcomes import send_welcomes
from runtime import Runtime

Job = Callable[[Runtime], int]
"""Returns how much it did; one that returns 0 has nothing more to do for now."""

QUEUES: dict[str, Job] = {
    "send_welcomes": send_welcomes,
    "apply_events": apply_events,
    "apply_edits": apply_edits,
    "warm_tokens": warm_tokens,
    "start_due_pushes": start_due_pushes,
    "run_steps": run_steps,
    "plan_messages": plan_messages,
    "create_tasks": create_tasks,
    "resolve_lost": resolve_lost,
    "read_results": read_results,
    "send_reminders": send_reminders,
    "send_staff_messages": send_staff_messages,
    "apply_platform_messages": apply_platform_messages,
    "pull_orders": pull_orders,
    "ask_unionids": ask_unionids,
    "import_files": import_files,
    "send_webhooks": send_webhooks,
    "write_contact_edits": write_contact_edits,
    "remind_of_todos": remind_of_todos,
}
"""What a lane of the worker does as soon as it is woken: `jobs/worker.py`."""

PLANNING: tuple[str, ...] = ("start_due_pushes", "run_steps", "plan_messages")
"""Those of them that write down who gets what from whom; none of them calls WeCom."""

SENDING: tuple[str, ...] = ("create_tasks", "send_reminders", "remind_of_todos", "send_staff_messages")
"""Those of them that send pushes, drops and cards, one after the other."""

READING: tuple[str, ...] = ("resolve_lost", "read_results")
"""Those of them that ask what became of it: a WeCom that does not answer must not keep what is to be sent waiting."""

PLATFORMS: tuple[str, ...] = ("apply_platform_messages", "pull_orders", "ask_unionids")
"""Those of them that speak to shop platforms: one that hangs holds up no message of ours."""

TIMED: dict[str, tuple[Job, Plan]] = {
    "settle_silent_touches": (settle_silent_touches, Plan(Every(600))),
    "make_editions": (make_editions, Plan(Every(600))),
    "remind_coupons": (remind_coupons, Plan(Daily("10:07"))),
    "forget_nonces": (forget_nonces, Plan(Every(3600))),
    "import_others": (import_others, Plan(Every(3600), most_seconds=1800)),
    "check_quotas": (check_quotas, Plan(Daily("05:17"), most_seconds=600)),
    "sync_groups": (sync_groups, Plan(Every(3600), most_seconds=600)),
    "sync": (sync_all, Plan(Daily("03:17"), most_seconds=3600)),
    "check_totals": (check_totals, Plan(Daily("05:37"), most_seconds=1800)),
    "learn_products": (learn_products, Plan(Daily("04:57"), most_seconds=3600)),
    "read_staff_days": (read_staff_days, Plan(Daily("06:27"), most_seconds=1800)),
    "forget_events": (forget_events, Plan(Daily("04:37"), most_seconds=1800)),
    "forget_old": (forget_old, Plan(Daily("04:17"), most_seconds=600)),
}
"""What a time of its own begins: `jobs/ticks.py`. Its words for the console stand in `console/job_words.py`."""

PLANS: dict[str, Plan] = {name: plan for name, (_, plan) in TIMED.items()}
JOBS: dict[str, Job] = QUEUES | {name: job for name, (job, _) in TIMED.items()}

BY_HAND: dict[str, Job] = {"rebuild_customers": rebuild_customers, "reconcile": reconcile}
"""Neither woken nor timed: `run-job NAME` in a quiet hour, after something went wrong."""
