"""The picture of a contact way: no phone can reach this machine, so it only says whose code it is."""

from html import escape

from flask import Blueprint, Response, abort

from sandbox.corp import corp

blueprint = Blueprint("codes", __name__)
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" width="240" height="240" role="img">
<title>沙盒里的二维码</title><rect width="240" height="240" fill="#fff"/>
<g fill="none" stroke="#111" stroke-width="12"><rect x="22" y="22" width="48" height="48"/>
<rect x="170" y="22" width="48" height="48"/><rect x="22" y="170" width="48" height="48"/></g>
<g font-family="sans-serif" text-anchor="middle" fill="#111"><text x="120" y="112" font-size="16">沙盒里的码</text>
<text x="120" y="136" font-size="14">{state}</text><text x="120" y="156" font-size="10">{config_id}</text></g></svg>"""


@blueprint.get("/sandbox/codes/<config_id>")
def code(config_id: str) -> Response:
    state = corp().state
    way = state.contact_ways.get(config_id) or state.join_ways.get(config_id)
    if way is None:
        abort(404)
    return Response(PICTURE.format(state=escape(way.state), config_id=config_id), mimetype="image/svg+xml")
