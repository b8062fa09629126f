"""What we keep of a customer and why: linked at the foot of every page."""

from flask import render_template
from flask.typing import ResponseReturnValue

from landing.door import blueprint, customer


@blueprint.get("/privacy")
@customer
def privacy() -> ResponseReturnValue:
    """For everybody."""
    return render_template("landing/privacy.html")
