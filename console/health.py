"""Whether we are alive, whether we are ready, and how it goes: for machines."""

from flask import Blueprint

from callers import anyone

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@anyone
def healthz() -> tuple[dict[str, str], int]:
    """Alive: the process answers."""
    return {"status": "ok"}, 200
