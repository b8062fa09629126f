"""`/mall/connect/<platform>/<shop>`: a platform pushes. Verified, put on record and answered; a job does the rest."""

import logging
from datetime import timedelta

from flask import Response, request

from bodies import read_bytes
from callers import declare
from connectors.errors import BadPush
from connectors.shapes import Push
from crm import platform_messages, platforms
from crm.errors import BadSignature
from mall import blueprint
from runtime import runtime

log = logging.getLogger("huitou.mall")
LARGEST_PUSH = 1024 * 1024


@blueprint.route("/connect/<platform>/<int:shop_id>", methods=["GET", "POST"])
@declare("shop")
def receive_push(platform: str, shop_id: int) -> Response:
    """Keep what a platform pushed, once by its content; 401 for whatever it did not sign. GET is its check of the URL.

    Who is not connected and who signs wrongly get the same answer.
    """
    body = read_bytes(limit=LARGEST_PUSH) if request.method == "POST" else b""
    with runtime().reading() as session:
        account = platforms.of_shop(session, shop_id, platform)
    try:
        if account is None:
            raise BadPush("not_connected")
        connector = runtime().connector(platform, platforms.credentials(account, runtime().vault))
        headers = {name.lower(): value for name, value in request.headers}
        pushed = connector.read_push(Push(request.args.to_dict(), headers, body))
    except BadPush as refusal:
        log.warning("push refused: shop %s, %s", shop_id, refusal.code)
        raise BadSignature("签名不对，或这家店没有接这个平台") from None
    if pushed.key:
        now = runtime().now()
        row = {
            "shop_id": shop_id, "platform": platform, "key": pushed.key, "kind": pushed.kind,
            "body_sealed": runtime().vault.seal(pushed.body), "received_at": now,
            "next_try_at": now + timedelta(seconds=pushed.wait_seconds),
        }  # fmt: skip
        with runtime().transaction() as session:
            platform_messages.keep(session, [row])
        runtime().wake("platforms")
    return Response(pushed.answer, mimetype=pushed.mimetype)
