"""Files taken in through the console, and the platforms that are connected."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("orders", sa.Column("phone_kind", sa.String(), nullable=True))
    _platforms()
    _files()


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


def _files() -> None:
    op.create_table(
        "file_import",
        sa.Column("id", BIG, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        sa.Column("preset", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("is_dry", sa.Boolean(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("did", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("a_second", BIG, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("stop_asked_at", MOMENT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("forgotten_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_import")),
    )
    with op.batch_alter_table("file_import") as batch_op:
        batch_op.create_index("ix_file_import_state_lease_until", ["state", "lease_until"], unique=False)


def downgrade() -> None:
    op.drop_table("file_import")
    for table in ("platform_buyer", "platform_message", "platform_account"):
        op.drop_table(table)
    op.drop_column("orders", "phone_kind")
