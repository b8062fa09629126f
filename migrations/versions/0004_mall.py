"""What a shop tells besides orders: products, behaviour, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("product")
