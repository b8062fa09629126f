"""Files taken in through the console, and the platforms that are connected."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("orders", sa.Column("phone_kind", sa.String(), nullable=True))
    _platforms()


def _platforms() -> None:
    op.create_table(
        "platform_account",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("credentials_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pulled_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("next_pull_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_platform_account_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_account")),
        sa.UniqueConstraint("shop_id", "platform", name=op.f("uq_platform_account_shop_id_platform")),
    )
    op.create_index("ix_platform_account_next_pull_at", "platform_account", ["next_pull_at"])
    op.create_table(
        "platform_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("deliveries", BIG, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_platform_message_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_message")),
        sa.UniqueConstraint("shop_id", "platform", "key", name=op.f("uq_platform_message_shop_id_platform_key")),
    )
    op.create_index("ix_platform_message_state_next_try_at", "platform_message", ["state", "next_try_at"])
    op.create_index("ix_platform_message_received_at", "platform_message", ["received_at"])
    op.create_table(
        "platform_buyer",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("buyer_id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_platform_buyer_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_buyer")),
        sa.UniqueConstraint(
            "shop_id", "platform", "buyer_id", name=op.f("uq_platform_buyer_shop_id_platform_buyer_id")
        ),
    )
    op.create_index("ix_platform_buyer_next_ask_at", "platform_buyer", ["next_ask_at"])


def downgrade() -> None:
    for table in ("platform_buyer", "platform_message", "platform_account"):
        op.drop_table(table)
    op.drop_column("orders", "phone_kind")
