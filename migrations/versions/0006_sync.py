"""What a sync saw, members of groups, meters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("group_chat") as batch_op:
        batch_op.add_column(sa.Column("members_known_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "group_member",
        sa.Column("id", BIG, nullable=False),
        sa.Column("group_id", BIG, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("identity_id", BIG, nullable=True),
        sa.Column("unionid", sa.String(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("join_scene", BIG, nullable=False),
        sa.Column("invitor", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quit_scene", BIG, nullable=True),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (identity_id IS NULL)", name=op.f("ck_group_member_staff_or_outside")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["group_chat.id"], name=op.f("fk_group_member_group_id_group_chat")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_group_member_identity_id_identity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_group_member_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
        sa.UniqueConstraint("group_id", "member", name=op.f("uq_group_member_group_id_member")),
    )
    with op.batch_alter_table("group_member") as batch_op:
        batch_op.create_index("ix_group_member_identity_id", ["identity_id"], unique=False)
        batch_op.create_index("ix_group_member_staff_id", ["staff_id"], unique=False)
    with op.batch_alter_table("follow") as batch_op:
        batch_op.add_column(sa.Column("transfer_failed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("transfer_fail_reason", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("past", sa.JSON(), nullable=True))
    with op.batch_alter_table("staff") as batch_op:
        for name in ("shown_at", "app_in_at", "app_out_at", "app_seen_at"):
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "acquisition_event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("channel_id", BIG, nullable=True),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("identity_id", BIG, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_acquisition_event_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_acquisition_event_identity_id_identity")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_acquisition_event_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acquisition_event")),
        sa.UniqueConstraint("key", name=op.f("uq_acquisition_event_key")),
    )
    with op.batch_alter_table("acquisition_event") as batch_op:
        for name in ("channel_id", "identity_id", "link_id"):
            batch_op.create_index(f"ix_acquisition_event_{name}", [name], unique=False)
    op.create_table(
        "sync_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("single_until", BIG, nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("cursor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chunk_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("unseen", sa.JSON(), nullable=False),
        sa.Column("unseen_count", BIG, nullable=False),
        sa.Column("expected", BIG, nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    with op.batch_alter_table("sync_run") as batch_op:
        batch_op.create_index("ix_sync_run_state", ["state"], unique=False)


def downgrade() -> None:
    op.drop_table("sync_run")
    op.drop_table("acquisition_event")
    with op.batch_alter_table("staff") as batch_op:
        for name in ("shown_at", "app_in_at", "app_out_at", "app_seen_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("follow") as batch_op:
        batch_op.drop_column("past")
        batch_op.drop_column("transfer_failed_at")
        batch_op.drop_column("transfer_fail_reason")
    op.drop_table("group_member")
    with op.batch_alter_table("group_chat") as batch_op:
        batch_op.drop_column("members_known_at")
