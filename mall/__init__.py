"""Door: shops send us orders and behaviour."""

from flask import Blueprint

blueprint = Blueprint("mall", __name__, url_prefix="/mall")
