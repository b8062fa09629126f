"""Files at the root of the site, and indexes for what a member of staff sent."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "verification_file",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_file")),
        sa.UniqueConstraint("name", name=op.f("uq_verification_file_name")),
    )
    op.create_index("ix_touch_userid_created_at", "touch", ["userid", "created_at"])
    op.create_index("ix_coupon_staff_id_issued_at", "coupon", ["staff_id", "issued_at"])


def downgrade() -> None:
    op.drop_index("ix_coupon_staff_id_issued_at", "coupon")
    op.drop_index("ix_touch_userid_created_at", "touch")
    op.drop_table("verification_file")
