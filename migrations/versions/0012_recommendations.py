"""What products tell of each other, and what is recommended no more."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _product(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["product.id"], name=op.f(f"fk_{table}_{column}_product"))


def upgrade() -> None:
    op.create_table(
        "product_pair",
        sa.Column("id", BIG, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("other_product_id", BIG, nullable=False),
        sa.Column("buyers", BIG, nullable=False),
        sa.Column("both", BIG, nullable=False),
        _product("product_pair", "product_id"),
        _product("product_pair", "other_product_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_pair")),
        sa.UniqueConstraint("product_id", "other_product_id", name=op.f("uq_product_pair_product_id_other_product_id")),
    )
    op.create_index(op.f("ix_product_pair_other_product_id"), "product_pair", ["other_product_id"])
    op.create_table(
        "product_cycle",
        sa.Column("id", BIG, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("days", BIG, nullable=False),
        sa.Column("gaps", BIG, nullable=False),
        _product("product_cycle", "product_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_cycle")),
        sa.UniqueConstraint("product_id", name=op.f("uq_product_cycle_product_id")),
    )
    op.create_table(
        "hidden_product",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_hidden_product_identity_id_identity")),
        _product("hidden_product", "product_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_hidden_product_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden_product")),
        sa.UniqueConstraint("identity_id", "product_id", name=op.f("uq_hidden_product_identity_id_product_id")),
    )


def downgrade() -> None:
    op.drop_table("hidden_product")
    op.drop_table("product_cycle")
    op.drop_index(op.f("ix_product_pair_other_product_id"), table_name="product_pair")
    op.drop_table("product_pair")
