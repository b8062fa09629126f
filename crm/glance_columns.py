"""What there is to see of a customer, each thing as one column of one row, in the words of either database.

The card is read at every open of a chat. Its statement is written out once and prepared by the driver once; orders and
lists come as JSON that the database writes in the documented shape, so that nobody reads it on its way to the reply.
"""

# ruff: noqa: S608 (nothing but our own words is put into these texts; what is asked for is a parameter)

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from sqlalchemy import TextClause, text

from crm.order_history import GAPS_LOOKED_AT
from crm.todos import MOST as MOST_TODOS

MOST_COUPONS = 20


class Words(NamedTuple):
    """How a database says what the two say otherwise."""

    row: str
    rows: str
    nested: str  # JSON inside JSON
    told: str  # JSON as the text the driver hands over
    flag: str
    at: str  # a moment in RFC 3339, UTC


SQLITE = Words(
    row="json_object({})",
    rows="json_group_array({})",
    nested="json({})",
    told="{}",
    flag="json(CASE WHEN {} THEN 'true' ELSE 'false' END)",
    at=r"(replace(replace({}, ' ', 'T'), '.000000', '') || '+00\:00')",
)
POSTGRESQL = Words(
    row="json_build_object({})",
    rows="coalesce(json_agg({}), '[]')",
    nested="{}",
    told="CAST({} AS text)",
    flag="({})",
    at=r"""(replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\:MI\:SS.US'), '.000000', '') || '+00\:00')""",
)

ORDER = ("id", "order_no", "status", "total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen")
ORDER_MOMENTS = ("ordered_at", "paid_at", "shipped_at", "received_at", "completed_at")
LINE = ("sku", "name", "quantity", "price_fen", "refunded_quantity", "refunded_fen")
TODO, TODO_MOMENTS = ("id", "key", "kind", "title", "text", "state", "result"), ("due_at", "done_at", "created_at")
COUPON = ("id", "value_fen", "threshold_fen", "code")
COUPON_MOMENTS = ("issued_at", "expires_at", "opened_at", "claimed_at", "used_at", "revoked_at")

THEIRS = "customer_id = contact.customer_id"
IDENTITIES = f"identity_id IN (SELECT id FROM identity WHERE {THEIRS})"
FOLLOWS = (
    "follow theirs JOIN contact face ON face.id = theirs.contact_id AND theirs.ended_at IS NULL AND face." + THEIRS
)
CAME_BY = FOLLOWS + " JOIN channel ON channel.id = theirs.channel_id ORDER BY theirs.followed_at, theirs.id LIMIT 1"
CARRIED = "tag JOIN tag_assignment given ON given.tag_id = tag.id AND tag.deleted_at IS NULL AND given." + THEIRS
IS_SPEND = "paid_at IS NOT NULL AND status <> 'cancelled'"
COUNTS = f"{IS_SPEND} AND paid_fen > refunded_fen"


@cache
def statement(dialect: str, names: tuple[str, ...]) -> TextClause:
    """One SELECT of these columns for the contact `external_userid`, when the member `staff` follows them now."""
    words = SQLITE if dialect == "sqlite" else POSTGRESQL
    known = {**_counted(words), **_listed(words), **_bought(words)}
    columns = ", ".join(f"{known.get(name, f'contact.{name}')} AS {name}" for name in names)
    return text(
        f"SELECT {columns} FROM contact JOIN follow ON follow.contact_id = contact.id "
        f"WHERE contact.external_userid = :external_userid AND follow.staff_id = :staff AND follow.ended_at IS NULL"
    )


def _counted(words: Words) -> dict[str, str]:
    """Who they are, and what the folds say before they are opened."""
    at = words.at.format
    notes = f"note WHERE {IDENTITIES} AND deleted_at IS NULL AND (NOT is_private OR staff_id = :staff)"
    late = "pulled_until < :late AND next_pull_at IS NOT NULL AND tries > 0"
    quota = "target = contact.external_userid AND month = :month"
    seen = f"{IDENTITIES} AND on_day > :week_ago AND sku <> ''"
    return {
        "known_at": at("contact.known_at"),
        "remark": "follow.remark",
        "description": "follow.description",
        "known_since": at(f"(SELECT min(theirs.followed_at) FROM {FOLLOWS})"),
        "channel": f"(SELECT channel.name FROM {CAME_BY})",
        "followers": f"(SELECT count(*) FROM {FOLLOWS})",
        "tag": f"(SELECT tag.name FROM {CARRIED} ORDER BY tag.group_name, tag.position, tag.id LIMIT 1)",
        "tags": f"(SELECT count(DISTINCT tag.id) FROM {CARRIED})",
        "coupons": f"(SELECT count(*) FROM coupon WHERE {THEIRS})",
        "notes": f"(SELECT count(*) FROM {notes})",
        "noted_at": at(f"(SELECT max(created_at) FROM {notes})"),
        "touches": f"(SELECT count(*) FROM touch WHERE {THEIRS} AND created_at >= :lately)",
        "taken": f"coalesce((SELECT reserved + used + others FROM quota WHERE {quota}), 0)",
        "views": f"(SELECT CAST(coalesce(sum(views), 0) AS bigint) FROM behaviour WHERE {seen})",
        "birthday": f"(SELECT max(value) FROM profile_field WHERE {IDENTITIES} AND name = 'birthday')",
        "orders_until": at(f"(SELECT min(pulled_until) FROM platform_account WHERE {late})"),
    }


def _bought(words: Words) -> dict[str, str]:
    """Figures over every order by the definitions of `orders.totals`, and the newest of them with their lines."""
    at = words.at.format
    newest = f"FROM orders WHERE {THEIRS} ORDER BY ordered_at DESC, id DESC LIMIT"
    figures = words.row.format(
        f"'in_all', count(*), 'spend_fen', coalesce(sum(CASE WHEN {IS_SPEND} THEN paid_fen - refunded_fen END), 0), "
        f"'order_count', count(CASE WHEN {COUNTS} THEN 1 END), "
        f"'last_order_at', {at(f'max(CASE WHEN {COUNTS} THEN paid_at END)')}"
    )
    line = "(SELECT * FROM order_line WHERE order_id = latest.id ORDER BY position) line"
    lines = f"(SELECT {words.rows.format(_row(words, LINE))} FROM {line})"
    codes = f"'coupon_codes', {words.nested.format('coupon_codes')}"
    shop = "'shop', (SELECT name FROM shop WHERE id = latest.shop_id)"
    spend = f"'spend_fen', CASE WHEN {IS_SPEND} THEN paid_fen - refunded_fen ELSE 0 END"
    order = _row(words, ORDER, ORDER_MOMENTS, spend, codes, shop, f"'lines', {lines}")
    first = "order_line one JOIN product ON product.shop_id = latest.shop_id AND product.sku = one.sku"
    picture = f"(SELECT image_url FROM {first} WHERE one.order_id = latest.id AND one.position = 0)"
    moments = f"(SELECT ordered_at, CASE WHEN {COUNTS} THEN 1 END AS counts {newest} {GAPS_LOOKED_AT + 1})"
    latest = f"(SELECT * {newest} :latest) latest"
    return {
        "figures": _told(words, figures, f"orders WHERE {THEIRS}"),
        "moments": _told(words, words.rows.format(at("ordered_at")), f"{moments} latest WHERE counts = 1"),
        "orders": _told(words, words.rows.format(order), latest),
        "pictures": _told(words, words.rows.format(picture), latest),  # of their first products, in the same order
    }


def _listed(words: Words) -> dict[str, str]:
    """What the sections hold."""
    at = words.at.format
    mine = f"todo WHERE {IDENTITIES} AND staff_id = :staff AND (state = 'open' OR kind = 'suggestion')"
    todos = f"(SELECT * FROM {mine} ORDER BY state <> 'open', due_at, id DESC LIMIT {MOST_TODOS}) mine"
    is_me = words.flag.format("staff_id = :staff")
    follower = words.row.format(
        f"'userid', userid, 'name', name, 'is_me', {is_me}, "
        f"'remark', remark, 'description', description, 'followed_at', {at('followed_at')}, 'channel', channel"
    )
    followers = (
        "SELECT staff.userid, staff.name, theirs.staff_id, theirs.remark, theirs.description, theirs.followed_at, "
        f"channel.name AS channel FROM {FOLLOWS} JOIN staff ON staff.id = theirs.staff_id "
        "LEFT JOIN channel ON channel.id = theirs.channel_id ORDER BY theirs.followed_at, theirs.id"
    )
    return {
        "mine": _told(words, words.rows.format(_row(words, TODO, TODO_MOMENTS)), todos),
        "follows": _told(words, words.rows.format(follower), f"({followers}) known"),
        "came_by": _told(words, words.row.format("'name', channel.name, 'state', channel.state"), CAME_BY),
        "carried": _carried(words),
        "held": _held(words),
    }


def _carried(words: Words) -> str:
    """Each tag once; its source is the latest assignment's."""
    given = f"FROM tag_assignment given WHERE given.{THEIRS}"
    source = f"(SELECT source {given} AND tag_id = tag.id ORDER BY assigned_at DESC, id DESC LIMIT 1)"
    row = words.row.format("'id', id, 'group', group_name, 'name', name, 'source', source")
    tags = (
        f"(SELECT tag.id, group_name, name, {source} AS source FROM tag "
        f"WHERE deleted_at IS NULL AND id IN (SELECT tag_id {given}) ORDER BY group_name, position, tag.id) carried"
    )
    return _told(words, words.rows.format(row), tags)


def _held(words: Words) -> str:
    """Copies of coupons, the newest first, each with how sending it went."""
    touch = "FROM touch WHERE coupon_id = held.id ORDER BY touch.id DESC LIMIT 1"
    more = (
        "'batch', batch", "'kind', kind", "'source', source", "'staff', userid",
        f"'sending', (SELECT state {touch})", f"'tried_at', (SELECT {words.at.format('tried_at')} {touch})",
    )  # fmt: skip
    held = (
        "(SELECT coupon.*, coupon_batch.name AS batch, coupon_batch.kind, coupon_batch.source, staff.userid "
        "FROM coupon JOIN coupon_batch ON coupon_batch.id = coupon.batch_id "
        f"LEFT JOIN staff ON staff.id = coupon.staff_id WHERE coupon.{THEIRS} "
        f"ORDER BY issued_at DESC, coupon.id DESC LIMIT {MOST_COUPONS}) held"
    )
    return _told(words, words.rows.format(_row(words, COUPON, COUPON_MOMENTS, *more)), held)


def _row(words: Words, names: Iterable[str], moments: Iterable[str] = (), *more: str) -> str:
    facts = [f"'{name}', {name}" for name in names]
    facts += [f"'{name}', {words.at.format(name)}" for name in moments]
    return words.row.format(", ".join([*facts, *more]))


def _told(words: Words, made: str, source: str) -> str:
    return words.told.format(f"(SELECT {made} FROM {source})")
