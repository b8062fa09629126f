"""A shop with many regulars, made inside the database: a million orders in a minute, not in an hour.

Everybody follows from their number: ten orders each of one or two lines, two tags, every other one a second follower
and a coupon that was sent. What the statements say is the same on both databases but for series and moments.
"""

from datetime import UTC, datetime

from sqlalchemy import Connection, create_engine, text

STAFF, ORDERS_EACH, AT_ONCE = 1, 10, 50_000
SERIES = {
    "sqlite": """(WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
        SELECT i FROM n) n""",
    "postgresql": "generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n(i)",
}
BEFORE = {  # so many seconds before now
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', :now, (0 - ({})) || ' seconds') || '.000000'",
    "postgresql": "CAST(:now AS timestamptz) - ({}) * interval '1 second'",
}
UNCHECKED = {"sqlite": "PRAGMA foreign_keys = OFF", "postgresql": "SET session_replication_role = replica"}
"""Every row refers to one that was made before it: not looked up thirty million times."""

ONCE = (
    "INSERT INTO shop (id, name, created_at) VALUES (2, '小满优选', {now})",
    """INSERT INTO staff (id, userid, userid_key, name, avatar, position, department_wecom_ids, serves_customers,
        created_at)
    VALUES (1, 'lan', 'lan', '林岚', '', '', '[]', true, {now}),
        (2, 'mei', 'mei', '周梅', '', '', '[]', true, {now})""",
    """INSERT INTO tag (id, group_name, name, position) VALUES (1, '喜好', '爱买鲜花', 1), (2, '喜好', '低糖零食', 2),
    (3, '宝宝', '6–12 个月', 1), (4, '宝宝', '爱粉色', 2)""",
    """INSERT INTO coupon_batch (id, name, value_fen, threshold_fen, total, issued, per_customer, valid_days,
        created_at)
    VALUES (1, '湿巾回购券', 1500, 9900, 100000000, 0, 1, 30, {now})""",
)
EACH = (
    "INSERT INTO customer (id, created_at) SELECT i, {now} FROM {n}",
    """INSERT INTO identity (id, kind, scope, value, customer_id, home_id, first_seen_at)
    SELECT i, 'external_userid', '', 'wm' || (i - 1), i, i, {now} FROM {n}""",
    """INSERT INTO contact (id, external_userid, identity_id, customer_id, name, avatar, kind, gender, corp_name,
        created_at, known_at)
    SELECT i, 'wm' || (i - 1), i, i, '客户' || i, '', 1, 2, '', {now}, {now} FROM {n}""",
    """INSERT INTO follow (id, contact_id, staff_id, state, remark, description, is_half, followed_at, changed_at)
    SELECT 2 * i, i, 1, '', '老客' || i, '', false, {follow}, {now} FROM {n}""",
    """INSERT INTO follow (id, contact_id, staff_id, state, remark, description, is_half, followed_at, changed_at)
    SELECT 2 * i + 1, i, 2, '', '', '下午回', false, {now}, {now} FROM {n} WHERE i % 2 = 0""",
    """INSERT INTO tag_assignment (id, tag_id, identity_id, customer_id, staff_id, source, assigned_at)
    SELECT 2 * i, 1 + i % 2, i, i, 1, 'rule', {now} FROM {n}
    UNION ALL SELECT 2 * i + 1, 3 + i % 2, i, i, 1, 'wecom', {now} FROM {n}""",
    """INSERT INTO coupon (id, batch_id, identity_id, customer_id, staff_id, occasion, code, value_fen, threshold_fen,
        issued_at, expires_at)
    SELECT i, 1, i, i, 1, 'bench', 'C' || i, 1500, 9900, {now}, {later} FROM {n} WHERE i % 2 = 0""",
    """INSERT INTO touch (id, key, kind, identity_id, customer_id, userid, external_userid, coupon_id, text_sealed,
        state, tries, reason, created_at, tried_at, settled_at)
    SELECT i, 'coupon-' || i, 'coupon', i, i, 'lan', 'wm' || (i - 1), i, '', 'sent', 1, '', {now}, {now}, {now}
    FROM {n} WHERE i % 2 = 0""",
)
EACH_ORDER = (
    """INSERT INTO orders (id, shop_id, order_no, status, coupon_codes, identity_id, customer_id, total_fen,
        discount_fen, shipping_fen, paid_fen, refunded_fen, ordered_at, paid_at, shipped_at, changed_at,
        fingerprint, stored_at)
    SELECT i, 2, 'N' || i, 'completed', '[]', i / 10, i / 10, 9900, 0, 0, 9900, 0, {order}, {order}, {order}, {now},
        '', {now} FROM {n}""",
    """INSERT INTO order_line (id, order_id, position, sku, name, quantity, price_fen, refunded_quantity, refunded_fen)
    SELECT 2 * i, i, 1, 'S' || (i % 300), '婴儿湿巾', 1, 9900, 0, 0 FROM {n}
    UNION ALL SELECT 2 * i + 1, i, 2, 'S' || (i % 200), '洋桔梗混合花束', 2, 4900, 0, 0 FROM {n} WHERE i % 2 = 0""",
)


def fill(url: str, customers: int) -> None:
    """So many customers and ten times as many orders, all of the member `STAFF`, into tables with nothing in them."""
    engine = create_engine(url)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    with engine.connect() as connection:
        dialect = connection.dialect.name
        at = BEFORE[dialect].format
        words = {
            "n": SERIES[dialect], "now": at("0"), "later": at("-2592000"), "follow": at("7776000"),
            "order": at("i % 10 * 950400 + i % 80000"),
        }  # fmt: skip
        connection.execute(text(UNCHECKED[dialect]))
        connection.commit()
        _run(connection, ONCE, words, now=now)
        for first in range(1, customers + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, customers)
            _run(connection, EACH, words, now=now, first=first, last=last)
            _run(connection, EACH_ORDER, words, now=now, first=first * ORDERS_EACH, last=last * ORDERS_EACH + 9)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if dialect == "sqlite" else "VACUUM ANALYZE"))
    engine.dispose()


def _run(connection: Connection, statements: tuple[str, ...], words: dict[str, str], **given: object) -> None:
    for statement in statements:
        connection.execute(text(statement.format(**words)), given)
    connection.commit()
