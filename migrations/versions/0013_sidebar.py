"""Notes, profile fields, to-dos, and what is to be written to WeCom about a contact."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _notes()
    _todos()
    _edits()


def _notes() -> None:
    op.create_table(
        "note",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("deleted_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_note_identity_id_identity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_note_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_identity_id"), "note", ["identity_id"])
    op.create_table(
        "profile_field",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_profile_field_identity_id_identity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_field")),
        sa.UniqueConstraint("identity_id", "name", name=op.f("uq_profile_field_identity_id_name")),
    )


def _todos() -> None:
    op.create_table(
        "todo",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("told_at", AT, nullable=True),
        sa.Column("done_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_todo_identity_id_identity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_todo_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_todo")),
        sa.UniqueConstraint("key", name=op.f("uq_todo_key")),
    )
    op.create_index(op.f("ix_todo_identity_id"), "todo", ["identity_id"])
    op.create_index("ix_todo_staff_id_due_at", "todo", ["staff_id", "due_at"])
    op.create_index("ix_todo_state_told_at_due_at", "todo", ["state", "told_at", "due_at"])


def _edits() -> None:
    op.create_table(
        "contact_edit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("tag_id", BIG, nullable=True),
        sa.Column("words", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("errcode", BIG, nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("next_try_at", AT, nullable=False),
        sa.Column("tried_at", AT, nullable=True),
        sa.Column("settled_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_contact_edit_identity_id_identity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_contact_edit_staff_id_staff")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_contact_edit_tag_id_tag")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_edit")),
        sa.UniqueConstraint("key", name=op.f("uq_contact_edit_key")),
    )
    op.create_index(op.f("ix_contact_edit_identity_id"), "contact_edit", ["identity_id"])
    op.create_index("ix_contact_edit_state_next_try_at", "contact_edit", ["state", "next_try_at"])
    op.create_index("ix_contact_edit_staff_id_identity_id", "contact_edit", ["staff_id", "identity_id"])


def downgrade() -> None:
    for table in ("contact_edit", "todo", "profile_field", "note"):
        op.drop_table(table)
