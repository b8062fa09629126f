"""Consent, erasure, retention."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("value_digest", sa.String(), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_erasure_identity_id_identity")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_erasure_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("value_digest", name=op.f("uq_erasure_value_digest")),
    )
    op.create_index(op.f("ix_erasure_identity_id"), "erasure", ["identity_id"])
    op.create_index(op.f("ix_erasure_customer_id"), "erasure", ["customer_id"])
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("may_export", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("may_export")
    op.drop_table("erasure")
