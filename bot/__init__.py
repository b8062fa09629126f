"""Door: WeCom calls us."""

from flask import Blueprint

blueprint = Blueprint("bot", __name__, url_prefix="/bot")
