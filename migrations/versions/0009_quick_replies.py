"""Quick replies, and what staff did with customers by day."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quick_reply",
        sa.Column("id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("uses", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_quick_reply_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_reply")),
    )
    op.create_index("ix_quick_reply_staff_id_group_name", "quick_reply", ["staff_id", "group_name"])
    op.create_table(
        "staff_day",
        sa.Column("id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("chats", BIG, nullable=False),
        sa.Column("messages", BIG, nullable=False),
        sa.Column("applied", BIG, nullable=False),
        sa.Column("gained", BIG, nullable=False),
        sa.Column("lost", BIG, nullable=False),
        sa.Column("reply_percent", BIG, nullable=True),
        sa.Column("first_reply_minutes", BIG, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_day_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_day")),
        sa.UniqueConstraint("staff_id", "on_day", name=op.f("uq_staff_day_staff_id_on_day")),
    )


def downgrade() -> None:
    op.drop_table("staff_day")
    op.drop_index("ix_quick_reply_staff_id_group_name", table_name="quick_reply")
    op.drop_table("quick_reply")
