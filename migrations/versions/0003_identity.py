"""Who is whom: evidence of each link, refusals, decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LINK_INDEXES = {
    "ix_identity_link_identity_id_proof_standing": ["identity_id", "proof", "standing"],
    "ix_identity_link_other_identity_id_proof_standing": ["other_identity_id", "proof", "standing"],
    "ix_identity_link_standing_id": ["standing", "id"],
}
CLAIMED = {
    "ix_orders_claim_id": ("claim_id", "claim_id IS NOT NULL"),
    "ix_orders_phone_id": ("phone_id", "phone_id IS NOT NULL"),
    "ix_orders_identity_id_claimed": ("identity_id", "claim_id IS NOT NULL OR phone_id IS NOT NULL"),
}


def upgrade() -> None:
    with op.batch_alter_table("identity") as batch_op:
        batch_op.add_column(sa.Column("home_id", BIG, nullable=True))
    op.execute("UPDATE identity SET home_id = customer_id")
    with op.batch_alter_table("identity") as batch_op:
        batch_op.alter_column("home_id", existing_type=BIG, nullable=False)
        batch_op.create_foreign_key(op.f("fk_identity_home_id_customer"), "customer", ["home_id"], ["id"])

    with op.batch_alter_table("identity_link") as batch_op:
        batch_op.drop_index("ix_identity_link_other_identity_id")
        batch_op.drop_constraint("uq_identity_link_identity_id_other_identity_id_evidence", type_="unique")
        batch_op.alter_column("evidence", new_column_name="proof", existing_type=sa.String(), existing_nullable=False)
    with op.batch_alter_table("identity_link") as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(), nullable=False, server_default="wecom"))
        batch_op.add_column(sa.Column("stated_by", sa.String(), nullable=False, server_default="system"))
        batch_op.add_column(sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("standing", BIG, nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("refusal", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decided_by", sa.String(), nullable=False, server_default=""))
        batch_op.create_unique_constraint(
            op.f("uq_identity_link_identity_id_other_identity_id_proof"), ["identity_id", "other_identity_id", "proof"]
        )
        for name, columns in LINK_INDEXES.items():
            batch_op.create_index(name, columns)
    op.execute("UPDATE identity_link SET stated_at = learnt_at")

    with op.batch_alter_table("orders") as batch_op:
        for name in ("claim_id", "phone_id"):
            batch_op.add_column(sa.Column(name, BIG, nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_orders_{name}_identity"), "identity", [name], ["id"])
    for name, (column, condition) in CLAIMED.items():
        where = sa.text(condition)
        op.create_index(name, "orders", [column], sqlite_where=where, postgresql_where=where)
    op.create_index(op.f("ix_orders_order_no"), "orders", ["order_no"])

    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("department_wecom_id", BIG, nullable=True))
        batch_op.add_column(sa.Column("may_reveal_phones", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("may_reveal_phones")
        batch_op.drop_column("department_wecom_id")
    op.drop_index(op.f("ix_orders_order_no"), "orders")
    for name in CLAIMED:
        op.drop_index(name, "orders")
    with op.batch_alter_table("orders") as batch_op:
        for name in ("claim_id", "phone_id"):
            batch_op.drop_constraint(op.f(f"fk_orders_{name}_identity"), type_="foreignkey")
            batch_op.drop_column(name)
    with op.batch_alter_table("identity_link") as batch_op:
        for name in LINK_INDEXES:
            batch_op.drop_index(name)
        batch_op.drop_constraint(op.f("uq_identity_link_identity_id_other_identity_id_proof"), type_="unique")
        for name in (
            "source", "stated_by", "stated_at", "standing", "refusal", "retracted_at", "decided_at", "decided_by",
        ):  # fmt: skip
            batch_op.drop_column(name)
        batch_op.alter_column("proof", new_column_name="evidence", existing_type=sa.String(), existing_nullable=False)
    with op.batch_alter_table("identity_link") as batch_op:
        batch_op.create_unique_constraint(
            op.f("uq_identity_link_identity_id_other_identity_id_evidence"),
            ["identity_id", "other_identity_id", "evidence"],
        )
        batch_op.create_index("ix_identity_link_other_identity_id", ["other_identity_id"])
    with op.batch_alter_table("identity") as batch_op:
        batch_op.drop_constraint(op.f("fk_identity_home_id_customer"), type_="foreignkey")
        batch_op.drop_column("home_id")
