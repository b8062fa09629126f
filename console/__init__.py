"""Door: operators run the business."""

from flask import Blueprint

blueprint = Blueprint("console", __name__, url_prefix="/console")
