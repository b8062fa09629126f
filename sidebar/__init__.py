"""Door: staff open a chat."""

from flask import Blueprint

blueprint = Blueprint("sidebar", __name__, url_prefix="/sidebar")
