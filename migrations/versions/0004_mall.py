"""What a shop tells besides orders: products, behaviour, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTERS = (
    "enters", "searches", "views", "night_views", "dwell_seconds", "favourites", "carts", "orders", "pays", "shares",
    "reviews", "follows", "ad_clicks", "customs",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("shop", sa.Column("tracker_origins", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "product",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("price_fen", BIG, nullable=False),
        sa.Column("image_url", sa.String(), nullable=True),
        sa.Column("mini_program_path", sa.String(), nullable=True),
        sa.Column("link_url", sa.String(), nullable=True),
        sa.Column("share_text", sa.String(), nullable=True),
        sa.Column("launch_on", sa.Date(), nullable=True),
        sa.Column("cycle_days", BIG, nullable=True),
        sa.Column("care_note", sa.String(), nullable=True),
        sa.Column("on_sale", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cycle_days > 0", name=op.f("ck_product_cycle_positive")),
        sa.CheckConstraint("price_fen >= 0", name=op.f("ck_product_price_not_negative")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_product_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("shop_id", "sku", name=op.f("uq_product_shop_id_sku")),
    )
    op.create_table(
        "event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dwell_seconds", BIG, nullable=True),
        sa.Column("props", sa.JSON(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_event_identity_id_identity")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_event_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("shop_id", "event_id", name=op.f("uq_event_shop_id_event_id")),
    )
    op.create_index(op.f("ix_event_happened_at"), "event", ["happened_at"])
    op.create_index("ix_event_identity_id_happened_at", "event", ["identity_id", "happened_at"])
    op.create_table(
        "behaviour",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        *(sa.Column(name, BIG, nullable=False) for name in COUNTERS),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_view_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_cart_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_pay_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_behaviour_identity_id_identity")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_behaviour_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behaviour")),
        sa.UniqueConstraint(
            "identity_id", "shop_id", "sku", "on_day", name=op.f("uq_behaviour_identity_id_shop_id_sku_on_day")
        ),
    )
    op.create_table(
        "webhook",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_webhook_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("key", name=op.f("uq_webhook_key")),
    )
    op.create_index(op.f("ix_webhook_shop_id"), "webhook", ["shop_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("webhook_id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("status", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_webhook_delivery_identity_id_identity")
        ),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id_webhook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("webhook_id", "key", name=op.f("uq_webhook_delivery_webhook_id_key")),
    )
    op.create_index(op.f("ix_webhook_delivery_identity_id"), "webhook_delivery", ["identity_id"])
    op.create_index(op.f("ix_webhook_delivery_settled_at"), "webhook_delivery", ["settled_at"])
    op.create_index("ix_webhook_delivery_state_next_try_at", "webhook_delivery", ["state", "next_try_at"])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    op.drop_table("behaviour")
    op.drop_table("event")
    op.drop_table("product")
    op.drop_column("shop", "tracker_origins")
