"""Verbs about webhooks: whom a shop wants told of what, and telling again."""

import secrets
import sys

import click

from commands.context import done, refused, runtime_of
from crm import webhook_deliveries as deliveries
from crm import webhooks
from crm.errors import RuleError
from models.webhook import KINDS


@click.group()
def webhook() -> None:
    """Where shops are told of changes (docs/mall.md)."""


@webhook.command("add")
@click.argument("shop_name", metavar="SHOP")
@click.argument("url")
@click.argument("kinds", metavar="KIND...", nargs=-1, required=True, type=click.Choice(KINDS))
@click.pass_context
def add_webhook(context: click.Context, shop_name: str, url: str, kinds: tuple[str, ...]) -> None:
    """Tell SHOP at URL of every KIND: tag_changed, linked, coupon_used.

    Prints id, key and secret as one JSON line; the secret is shown this once.
    """
    runtime = runtime_of(context)
    key, secret = f"wh_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    try:
        with runtime.transaction() as session:
            made = webhooks.add(
                session, shop_name, url, kinds, key=key, secret_sealed=runtime.vault.seal(secret),
                plain_http=runtime.settings.webhooks.allow_private, now=runtime.now(),
            )  # fmt: skip
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"id": made.id, "key": key, "secret": secret})


@webhook.command("list")
@click.pass_context
def list_webhooks(context: click.Context) -> None:
    """List the addresses in use, one JSON line each.

    With what was last heard from them.
    """
    with runtime_of(context).reading() as session:
        for each, owner in webhooks.live(session):
            counts = deliveries.by_state(session, each.id)
            done({"id": each.id, "shop": owner.name, "url": each.url, "kinds": each.kinds, "deliveries": counts})


@webhook.command("revoke")
@click.argument("webhook_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_context
def revoke_webhook(context: click.Context, webhook_id: int) -> None:
    """End the address with this ID: nothing more is sent to it."""
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            webhooks.revoke(session, webhook_id, now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"id": webhook_id, "revoked": True})


@webhook.command("replay")
@click.argument("delivery_id", metavar="DELIVERY", type=click.IntRange(1, 2**63 - 1))
@click.pass_context
def replay_delivery(context: click.Context, delivery_id: int) -> None:
    """Tell DELIVERY again, whatever became of it.

    Its number is the `id` in the body; the worker sends it.
    """
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            deliveries.replay(session, delivery_id, now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"delivery": delivery_id, "state": "waiting"})
