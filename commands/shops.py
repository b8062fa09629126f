"""Verbs about a shop: its keys, where its pages are, links for its parcels."""

import json
import secrets
import sys

import click

from commands.context import done, refused, runtime_of
from crm import audits, parcel_links, shops
from crm.errors import RuleError


@click.command("parcel-link")
@click.argument("shop_name", metavar="SHOP")
@click.argument("order_no", metavar="ORDER")
@click.pass_context
def parcel_link(context: click.Context, shop_name: str, order_no: str) -> None:
    """Print the address to put into the parcel of one order.

    SHOP is the shop's name. The order need not be known yet.
    """
    runtime = runtime_of(context)
    with runtime.reading() as session:
        found = shops.of_name(session, shop_name)
    if found is None:
        sys.exit(refused(f"没有叫 {shop_name} 的店铺 / no such shop"))
    click.echo(parcel_links.link(runtime.settings.landing_url, found, order_no, vault=runtime.vault))


@click.group()
def shop() -> None:
    """The shops that send us orders."""


@shop.command("add")
@click.argument("name")
@click.pass_context
def add_shop(context: click.Context, name: str) -> None:
    """Add a shop, or a second key for one.

    Prints shop, key and secret as one JSON line; the secret is shown this once.
    """
    runtime = runtime_of(context)
    key, secret = f"hk_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    try:
        with runtime.transaction() as session:
            shops.add_key(session, name, key=key, secret_sealed=runtime.vault.seal(secret), now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    click.echo(json.dumps({"shop": name, "key": key, "secret": secret}, ensure_ascii=False))


@shop.command("origins")
@click.argument("name")
@click.argument("origins", metavar="ORIGIN...", nargs=-1)
@click.pass_context
def set_origins(context: click.Context, name: str, origins: tuple[str, ...]) -> None:
    """Say whose pages may use the tracker: https://shop.example, each with its scheme.

    Replaces the list; with no ORIGIN no page may. Mini-programs need none.
    """
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            listed = shops.set_origins(session, name, origins, now=runtime.now()).tracker_origins
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"shop": name, "origins": listed})


@shop.command("revoke")
@click.argument("key")
@click.pass_context
def revoke_key(context: click.Context, key: str) -> None:
    """End KEY: what it signs is refused from now on."""
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            revoked = shops.revoke(session, key, now=runtime.now())
            audits.note(session, actor="system", action="key.revoke", subject=f"key:{revoked.id}", now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"key": key, "revoked": True})
