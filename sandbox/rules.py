"""How this corp is set: the app's limits, the paid scale, the shape of what is pushed."""

from typing import Any

from sandbox.corp import Corp
from sandbox.limits import RUNNING_PER_API

DEFAULTS: dict[str, Any] = {
    "concurrent_calls": RUNNING_PER_API,
    "paid_scale": None,  # no limit; 2,000 are free
    "customers_per_member": 5000,
    "member_list": "items",
    "invited_join_scene": 0,
    "group_size": 500,
    "transfer_keeps_notes": True,
    "acquisition_links": 1000,
}


def rules(corp: Corp) -> dict[str, Any]:
    return {**DEFAULTS, **corp.state.setting("rules", {})}


def rule(corp: Corp, name: str) -> Any:
    return corp.state.setting("rules", {}).get(name, DEFAULTS[name])


def set_rules(corp: Corp, **given: Any) -> None:
    corp.state.set("rules", {**rules(corp), **given})
