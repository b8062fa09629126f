"""The programme: audiences, pushes, mass messages, quotas, groups, drops, media, the clock's own record."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audience",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience")),
        sa.UniqueConstraint("name", name=op.f("uq_audience_name")),
    )
    op.create_table(
        "job_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("did", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sa.UniqueConstraint("job", "slot", name=op.f("uq_job_run_job_slot")),
    )
    with op.batch_alter_table("job_run") as batch_op:
        batch_op.create_index("ix_job_run_state_expected_by", ["state", "expected_by"], unique=False)

    op.create_table(
        "media",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("media_id", sa.String(), nullable=True),
        sa.Column("media_id_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("digest", name=op.f("uq_media_digest")),
    )
    op.create_table(
        "other_delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("msgid", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_other_delivery")),
        sa.UniqueConstraint("msgid", "target", name=op.f("uq_other_delivery_msgid_target")),
    )
    op.create_table(
        "other_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("msgid", sa.String(), nullable=False),
        sa.Column("chat_type", sa.String(), nullable=False),
        sa.Column("creator", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_other_message")),
        sa.UniqueConstraint("msgid", name=op.f("uq_other_message_msgid")),
    )
    with op.batch_alter_table("other_message") as batch_op:
        batch_op.create_index("ix_other_message_next_look_at", ["next_look_at"], unique=False)

    op.create_table(
        "quota",
        sa.Column("id", BIG, nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("reserved", BIG, nullable=False),
        sa.Column("used", BIG, nullable=False),
        sa.Column("others", BIG, nullable=False),
        sa.CheckConstraint("reserved >= 0 AND used >= 0 AND others >= 0", name=op.f("ck_quota_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota")),
        sa.UniqueConstraint("target", "month", name=op.f("uq_quota_target_month")),
    )
    op.create_table(
        "worker_beat",
        sa.Column("id", BIG, nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_beat")),
        sa.UniqueConstraint("worker", name=op.f("uq_worker_beat_worker")),
    )
    with op.batch_alter_table("worker_beat") as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_beat_beat_at"), ["beat_at"], unique=False)

    op.create_table(
        "drop_series",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("weekday", BIG, nullable=False),
        sa.Column("at_time", sa.String(), nullable=False),
        sa.Column("teaser_days_before", BIG, nullable=False),
        sa.Column("teaser_time", sa.String(), nullable=False),
        sa.Column("recap_days_after", BIG, nullable=False),
        sa.Column("recap_time", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("price_fen", BIG, nullable=False),
        sa.Column("stock", BIG, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("media_id", BIG, nullable=True),
        sa.Column("group_ids", sa.JSON(), nullable=False),
        sa.Column("teaser", sa.String(), nullable=False),
        sa.Column("launch", sa.String(), nullable=False),
        sa.Column("recap", sa.String(), nullable=False),
        sa.Column("robot_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_number", BIG, nullable=False),
        sa.Column("next_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.CheckConstraint("price_fen >= 0 AND stock >= 0", name=op.f("ck_drop_series_price_and_stock")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_drop_series_weekday")),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_drop_series_media_id_media")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drop_series")),
        sa.UniqueConstraint("name", name=op.f("uq_drop_series_name")),
    )
    with op.batch_alter_table("drop_series") as batch_op:
        batch_op.create_index(batch_op.f("ix_drop_series_next_launch_at"), ["next_launch_at"], unique=False)

    op.create_table(
        "group_chat",
        sa.Column("id", BIG, nullable=False),
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner_staff_id", BIG, nullable=True),
        sa.Column("customers", BIG, nullable=False),
        sa.Column("members", BIG, nullable=False),
        sa.Column("member_version", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner_staff_id"], ["staff.id"], name=op.f("fk_group_chat_owner_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_chat")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_group_chat_chat_id")),
    )
    with op.batch_alter_table("group_chat") as batch_op:
        batch_op.create_index(batch_op.f("ix_group_chat_owner_staff_id"), ["owner_staff_id"], unique=False)

    op.create_table(
        "push",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("audience_id", BIG, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("weekday", BIG, nullable=True),
        sa.Column("at_time", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_rehearsal", sa.Boolean(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=True),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.CheckConstraint("(weekday IS NULL) = (at_time IS NULL)", name=op.f("ck_push_weekly_has_both")),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name=op.f("fk_push_audience_id_audience")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push")),
        sa.UniqueConstraint("form_key", name=op.f("uq_push_form_key")),
    )
    with op.batch_alter_table("push") as batch_op:
        batch_op.create_index(batch_op.f("ix_push_audience_id"), ["audience_id"], unique=False)
        batch_op.create_index("ix_push_next_at", ["next_at"], unique=False)

    op.create_table(
        "drop_edition",
        sa.Column("id", BIG, nullable=False),
        sa.Column("series_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("launch_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("price_fen", BIG, nullable=False),
        sa.Column("stock", BIG, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("media_id", BIG, nullable=True),
        sa.Column("group_ids", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_drop_edition_media_id_media")),
        sa.ForeignKeyConstraint(["series_id"], ["drop_series.id"], name=op.f("fk_drop_edition_series_id_drop_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drop_edition")),
        sa.UniqueConstraint("series_id", "launch_at", name=op.f("uq_drop_edition_series_id_launch_at")),
        sa.UniqueConstraint("series_id", "number", name=op.f("uq_drop_edition_series_id_number")),
    )
    with op.batch_alter_table("drop_edition") as batch_op:
        batch_op.create_index(batch_op.f("ix_drop_edition_launch_at"), ["launch_at"], unique=False)

    op.create_table(
        "drop_step",
        sa.Column("id", BIG, nullable=False),
        sa.Column("edition_id", BIG, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["drop_edition.id"], name=op.f("fk_drop_step_edition_id_drop_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drop_step")),
        sa.UniqueConstraint("edition_id", "step", name=op.f("uq_drop_step_edition_id_step")),
    )
    with op.batch_alter_table("drop_step") as batch_op:
        batch_op.create_index("ix_drop_step_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "mass_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("chat_type", sa.String(), nullable=False),
        sa.Column("push_id", BIG, nullable=True),
        sa.Column("edition_id", BIG, nullable=True),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("paused_from", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("resume_after", BIG, nullable=False),
        sa.Column("matched", BIG, nullable=False),
        sa.Column("planned", BIG, nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(push_id IS NULL) <> (edition_id IS NULL)", name=op.f("ck_mass_message_push_or_edition")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["drop_edition.id"], name=op.f("fk_mass_message_edition_id_drop_edition")
        ),
        sa.ForeignKeyConstraint(["push_id"], ["push.id"], name=op.f("fk_mass_message_push_id_push")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_message")),
        sa.UniqueConstraint("edition_id", "part", name=op.f("uq_mass_message_edition_id_part")),
        sa.UniqueConstraint("push_id", "slot", name=op.f("uq_mass_message_push_id_slot")),
    )
    with op.batch_alter_table("mass_message") as batch_op:
        batch_op.create_index("ix_mass_message_state_next_look_at", ["state", "next_look_at"], unique=False)

    op.create_table(
        "staff_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("edition_id", BIG, nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("errcode", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["drop_edition.id"], name=op.f("fk_staff_message_edition_id_drop_edition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_message")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_message_key")),
    )
    with op.batch_alter_table("staff_message") as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_message_edition_id"), ["edition_id"], unique=False)
        batch_op.create_index("ix_staff_message_state_next_try_at", ["state", "next_try_at"], unique=False)

    op.create_table(
        "mass_task",
        sa.Column("id", BIG, nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("msgid", sa.String(), nullable=True),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("errcode", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", BIG, nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["mass_message.id"], name=op.f("fk_mass_task_message_id_mass_message")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_mass_task_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_task")),
        sa.UniqueConstraint("message_id", "staff_id", "number", name=op.f("uq_mass_task_message_id_staff_id_number")),
        sa.UniqueConstraint("msgid", name=op.f("uq_mass_task_msgid")),
    )
    with op.batch_alter_table("mass_task") as batch_op:
        batch_op.create_index(batch_op.f("ix_mass_task_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index("ix_mass_task_state_next_try_at", ["state", "next_try_at"], unique=False)

    op.create_table(
        "mass_recipient",
        sa.Column("id", BIG, nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("task_id", BIG, nullable=True),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("group_id", BIG, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_mass_recipient_contact_id_contact")),
        sa.ForeignKeyConstraint(["group_id"], ["group_chat.id"], name=op.f("fk_mass_recipient_group_id_group_chat")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["mass_message.id"], name=op.f("fk_mass_recipient_message_id_mass_message")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["mass_task.id"], name=op.f("fk_mass_recipient_task_id_mass_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_recipient")),
        sa.UniqueConstraint("message_id", "target", name=op.f("uq_mass_recipient_message_id_target")),
    )
    with op.batch_alter_table("mass_recipient") as batch_op:
        batch_op.create_index("ix_mass_recipient_contact_id", ["contact_id"], unique=False)
        batch_op.create_index("ix_mass_recipient_task_id_state", ["task_id", "state"], unique=False)

    op.create_table(
        "mass_task_member",
        sa.Column("id", BIG, nullable=False),
        sa.Column("task_id", BIG, nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("status", BIG, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["mass_task.id"], name=op.f("fk_mass_task_member_task_id_mass_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_task_member")),
        sa.UniqueConstraint("task_id", "userid", name=op.f("uq_mass_task_member_task_id_userid")),
    )


def downgrade() -> None:
    op.drop_table("mass_task_member")
    op.drop_table("mass_recipient")
    op.drop_table("mass_task")
    op.drop_table("staff_message")
    op.drop_table("mass_message")
    op.drop_table("drop_step")
    op.drop_table("drop_edition")
    op.drop_table("push")
    op.drop_table("group_chat")
    op.drop_table("drop_series")
    op.drop_table("worker_beat")
    op.drop_table("quota")
    op.drop_table("other_message")
    op.drop_table("other_delivery")
    op.drop_table("media")
    op.drop_table("job_run")
    op.drop_table("audience")
