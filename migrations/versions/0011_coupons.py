"""What coupons are worth and who may have them; their links, uses, and codes of other systems."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WORTH = (
    "threshold_fen >= 0 AND ((kind = 'amount' AND value_fen > 0)"
    " OR (kind = 'percentage' AND pays_percent BETWEEN 1 AND 99)"
    " OR (kind = 'gift' AND gift <> '') OR kind = 'free_shipping')"
)
NEW_TERMS = (
    ("kind", sa.String(), "amount"),
    ("gift", sa.String(), ""),
    ("skus", sa.JSON(), "[]"),
    ("categories", sa.JSON(), "[]"),
    ("stackable", sa.Boolean(), sa.false()),
    ("source", sa.String(), "own"),
    ("link_url", sa.String(), ""),
    ("returns_on_refund", sa.Boolean(), sa.false()),
)
NEW_LIMITS = (
    ("pays_percent", BIG), ("per_staff_day", BIG), ("audience_id", BIG), ("valid_from", MOMENT),
    ("valid_until", MOMENT), ("remind_days", BIG),
)  # fmt: skip
NEW_MOMENTS = ("opened_at", "claimed_at", "reminded_at")
IS_LIVE, IS_ISSUED = sa.text("returned_at IS NULL"), sa.text("coupon_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("coupon_batch") as batch_op:
        for name, kind, default in NEW_TERMS:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        for name, of_kind in NEW_LIMITS:
            batch_op.add_column(sa.Column(name, of_kind, nullable=True))
        batch_op.alter_column("valid_days", existing_type=BIG, nullable=True)
        batch_op.create_foreign_key(op.f("fk_coupon_batch_audience_id_audience"), "audience", ["audience_id"], ["id"])
        batch_op.drop_constraint(op.f("ck_coupon_batch_value_and_threshold"), type_="check")
        batch_op.drop_constraint(op.f("ck_coupon_batch_limits"), type_="check")
        batch_op.create_check_constraint(op.f("ck_coupon_batch_worth"), WORTH)
        batch_op.create_check_constraint(
            op.f("ck_coupon_batch_lasts"), "per_customer >= 1 AND (valid_days >= 1 OR valid_until IS NOT NULL)"
        )
    with op.batch_alter_table("coupon") as batch_op:
        for name in NEW_MOMENTS:
            batch_op.add_column(sa.Column(name, MOMENT, nullable=True))
        batch_op.create_index(op.f("ix_coupon_expires_at"), ["expires_at"])
    _create_links()
    _create_uses()
    _create_codes()


def _create_links() -> None:
    op.create_table(
        "coupon_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("coupon_id", BIG, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batch.id"], name=op.f("fk_coupon_link_batch_id_coupon_batch")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_link_coupon_id_coupon")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_coupon_link_token_digest")),
    )
    op.create_index(op.f("ix_coupon_link_batch_id"), "coupon_link", ["batch_id"])
    op.create_index(op.f("ix_coupon_link_coupon_id"), "coupon_link", ["coupon_id"])


def _create_uses() -> None:
    op.create_table(
        "coupon_use",
        sa.Column("id", BIG, nullable=False),
        sa.Column("coupon_id", BIG, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("shop_id", BIG, nullable=True),
        sa.Column("order_no", sa.String(), nullable=True),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("returned_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_use_coupon_id_coupon")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_coupon_use_shop_id_shop")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_coupon_use_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_use")),
        sa.UniqueConstraint("shop_id", "request_id", name=op.f("uq_coupon_use_shop_id_request_id")),
    )
    op.create_index("ix_coupon_use_coupon_id", "coupon_use", ["coupon_id"])
    op.create_index(
        "uq_coupon_use_live", "coupon_use", ["coupon_id"], unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE
    )
    op.execute(
        "INSERT INTO coupon_use (coupon_id, source, shop_id, order_no, used_at, recorded_at)"
        " SELECT coupon.id, 'order', orders.shop_id, orders.order_no, coupon.used_at, coupon.used_at"
        " FROM coupon JOIN orders ON orders.id = coupon.used_order_id WHERE coupon.used_at IS NOT NULL"
    )


def _create_codes() -> None:
    op.create_table(
        "coupon_code",
        sa.Column("id", BIG, nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("coupon_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batch.id"], name=op.f("fk_coupon_code_batch_id_coupon_batch")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_code_coupon_id_coupon")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_code")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code_code")),
    )
    op.create_index("ix_coupon_code_batch_id_coupon_id", "coupon_code", ["batch_id", "coupon_id"])
    op.create_index(
        "uq_coupon_code_coupon_id",
        "coupon_code",
        ["coupon_id"],
        unique=True,
        sqlite_where=IS_ISSUED,
        postgresql_where=IS_ISSUED,
    )


def downgrade() -> None:
    for name in ("coupon_code", "coupon_use", "coupon_link"):
        op.drop_table(name)
    with op.batch_alter_table("coupon") as batch_op:
        batch_op.drop_index(op.f("ix_coupon_expires_at"))
        for name in NEW_MOMENTS:
            batch_op.drop_column(name)
    with op.batch_alter_table("coupon_batch") as batch_op:
        batch_op.drop_constraint(op.f("ck_coupon_batch_worth"), type_="check")
        batch_op.drop_constraint(op.f("ck_coupon_batch_lasts"), type_="check")
        batch_op.drop_constraint(op.f("fk_coupon_batch_audience_id_audience"), type_="foreignkey")
        batch_op.create_check_constraint(
            op.f("ck_coupon_batch_value_and_threshold"), "value_fen > 0 AND threshold_fen >= 0"
        )
        batch_op.create_check_constraint(op.f("ck_coupon_batch_limits"), "per_customer >= 1 AND valid_days >= 1")
        for name in [name for name, *_ in (*NEW_TERMS, *NEW_LIMITS)]:
            batch_op.drop_column(name)
