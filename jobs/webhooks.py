"""Telling shops what they want to hear."""

import json
import secrets
from datetime import timedelta
from typing import NamedTuple

from crm import webhook_deliveries as deliveries
from crm.signing import signature
from jobs.webhook_posts import NoAnswer, PrivateAddress, post, target
from models.webhook import Webhook, WebhookDelivery
from runtime import Runtime
from wecom.gates import Verdict

AGAIN = {408, 425, 429}  # of the 4xx: those that may pass


class Outgoing(NamedTuple):
    """A claimed delivery with what is sent; no body when the shop has no name for the customer."""

    delivery: WebhookDelivery
    webhook: Webhook
    body: bytes | None


def send_webhooks(runtime: Runtime) -> int:
    """Deliver what waits; returns how many were tried. Safe in many threads and processes.

    At least once: one that was tried and never settled is tried again. When all is stopped nothing goes out.
    """
    with runtime.reading() as session:
        if not deliveries.has_waiting(session, now=runtime.now()):
            return 0
    tried = 0
    while runtime.gate_now().mode is not Verdict.STOPPED and (outgoing := _claim(runtime)):
        _send(runtime, outgoing)
        tried += 1
    return tried


def _claim(runtime: Runtime) -> Outgoing | None:
    with runtime.transaction() as session:
        delivery = deliveries.claim(session, now=runtime.now())
        if delivery is None:
            return None
        webhook, shop = deliveries.webhook_of(session, delivery)
        names = deliveries.names_for(session, shop, delivery.identity_id)
    told = {"id": delivery.id, "kind": delivery.kind, "at": delivery.happened_at.isoformat(), "customer": names}
    body = json.dumps(told | delivery.content, ensure_ascii=False).encode() if any(names.values()) else None
    return Outgoing(delivery, webhook, body)


def _send(runtime: Runtime, outgoing: Outgoing) -> None:
    delivery, webhook, body = outgoing
    status, state, reason, least = None, "failed", "", timedelta()
    if body is None:
        reason = "unknown_there"
    else:
        runtime.forbid_transaction()
        private = runtime.settings.webhooks.allow_private
        try:
            status, wait = post(webhook.url, body, _headers(runtime, webhook, body), allow_private=private)
            least = timedelta(seconds=wait)
            if 200 <= status < 300:
                state = "delivered"
            elif status >= 500 or status in AGAIN:
                state, reason = "again", "busy"
            else:
                reason = "redirected" if 300 <= status < 400 else "refused"
        except PrivateAddress:
            reason = "private_address"
        except NoAnswer:
            state, reason = "again", "no_answer"
    with runtime.transaction() as session:
        if state == "again":
            deliveries.put_off(session, delivery, status=status, reason=reason, least=least, now=runtime.now())
            return
        deliveries.settle(session, delivery, state, status=status, reason=reason, now=runtime.now())
        deliveries.answered(session, webhook.id)


def _headers(runtime: Runtime, webhook: Webhook, body: bytes) -> dict[str, str]:
    """Signed as a shop signs to us; time and nonce are new with every try."""
    timestamp, nonce = str(int(runtime.now().timestamp())), secrets.token_hex(16)
    signed = signature(
        runtime.vault.open_text(webhook.secret_sealed), method="POST", target=target(webhook.url),
        timestamp=timestamp, nonce=nonce, body=body,
    )  # fmt: skip
    return {
        "Content-Type": "application/json", "User-Agent": "huitou", "X-Huitou-Key": webhook.key,
        "X-Huitou-Timestamp": timestamp, "X-Huitou-Nonce": nonce, "X-Huitou-Signature": signed,
    }  # fmt: skip
