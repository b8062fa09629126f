"""What customers do on the pages we send them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("channel", sa.Column("qr_code", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "consent",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_consent_identity_id_identity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("identity_id", "kind", "version", name=op.f("uq_consent_identity_id_kind_version")),
    )
    op.create_table(
        "claim_try",
        sa.Column("id", BIG, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_try")),
        sa.UniqueConstraint("who", "on_day", name=op.f("uq_claim_try_who_on_day")),
    )
    op.create_index(op.f("ix_claim_try_on_day"), "claim_try", ["on_day"])


def downgrade() -> None:
    op.drop_table("claim_try")
    op.drop_table("consent")
    op.drop_column("channel", "qr_code")
