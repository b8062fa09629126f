"""Products that staff sent."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "product_share",
        sa.Column("id", BIG, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("touch_id", BIG, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("opens", BIG, nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_share_product_id_product")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_product_share_staff_id_staff")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_product_share_identity_id_identity")),
        sa.ForeignKeyConstraint(["touch_id"], ["touch.id"], name=op.f("fk_product_share_touch_id_touch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_share")),
        sa.UniqueConstraint("touch_id", name=op.f("uq_product_share_touch_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_product_share_token_digest")),
    )
    op.create_index(op.f("ix_product_share_staff_id"), "product_share", ["staff_id"])
    op.create_index("ix_product_share_identity_id_product_id", "product_share", ["identity_id", "product_id"])


def downgrade() -> None:
    op.drop_index("ix_product_share_identity_id_product_id", table_name="product_share")
    op.drop_index(op.f("ix_product_share_staff_id"), table_name="product_share")
    op.drop_table("product_share")
