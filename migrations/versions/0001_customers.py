"""The first records: staff, customers, orders, coupons, touches, inbox, users, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_action_subject_at", ["action", "subject", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)

    op.create_table(
        "channel",
        sa.Column("id", BIG, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("config_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("config_id", name=op.f("uq_channel_config_id")),
        sa.UniqueConstraint("state", name=op.f("uq_channel_state")),
    )
    op.create_table(
        "coupon_batch",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value_fen", BIG, nullable=False),
        sa.Column("threshold_fen", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("issued", BIG, nullable=False),
        sa.Column("per_customer", BIG, nullable=False),
        sa.Column("valid_days", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("issued >= 0 AND issued <= total", name=op.f("ck_coupon_batch_never_over_total")),
        sa.CheckConstraint("per_customer >= 1 AND valid_days >= 1", name=op.f("ck_coupon_batch_limits")),
        sa.CheckConstraint("value_fen > 0 AND threshold_fen >= 0", name=op.f("ck_coupon_batch_value_and_threshold")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_batch")),
        sa.UniqueConstraint("name", name=op.f("uq_coupon_batch_name")),
    )
    op.create_table(
        "customer",
        sa.Column("id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into_id", BIG, nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["merged_into_id"], ["customer.id"], name=op.f("fk_customer_merged_into_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_table(
        "department",
        sa.Column("id", BIG, nullable=False),
        sa.Column("wecom_id", BIG, nullable=False),
        sa.Column("parent_wecom_id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("wecom_id", name=op.f("uq_department_wecom_id")),
    )
    op.create_table(
        "gate",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("allow_list", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_gate_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("userid", sa.String(), nullable=True),
        sa.Column("external_userid", sa.String(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("deliveries", BIG, nullable=False),
        sa.Column("has_welcome", sa.Boolean(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("errcode", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("key", name=op.f("uq_inbox_key")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_has_welcome",
            ["id"],
            unique=False,
            sqlite_where=sa.text("has_welcome = 1"),
            postgresql_where=sa.text("has_welcome"),
        )
        batch_op.create_index("ix_inbox_received_at", ["received_at"], unique=False)
        batch_op.create_index("ix_inbox_state_next_try_at", ["state", "next_try_at"], unique=False)

    op.create_table(
        "shop",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
        sa.UniqueConstraint("name", name=op.f("uq_shop_name")),
    )
    op.create_table(
        "staff",
        sa.Column("id", BIG, nullable=False),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("userid_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("avatar", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("department_wecom_ids", sa.JSON(), nullable=False),
        sa.Column("serves_customers", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("userid_key", name=op.f("uq_staff_userid_key")),
    )
    op.create_table(
        "tag",
        sa.Column("id", BIG, nullable=False),
        sa.Column("wecom_id", sa.String(), nullable=True),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("wecom_id", name=op.f("uq_tag_wecom_id")),
    )
    op.create_table(
        "token",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refreshing_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_token")),
    )
    op.create_table(
        "user",
        sa.Column("id", BIG, nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("login", name=op.f("uq_user_login")),
    )
    op.create_table(
        "identity",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_identity_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("kind", "scope", "value", name=op.f("uq_identity_kind_scope_value")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "one_time_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_one_time_link_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_one_time_link_token_digest")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_signing_key_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("key", name=op.f("uq_signing_key_key")),
    )
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signing_key_shop_id"), ["shop_id"], unique=False)

    op.create_table(
        "contact",
        sa.Column("id", BIG, nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("avatar", sa.String(), nullable=False),
        sa.Column("kind", BIG, nullable=False),
        sa.Column("gender", BIG, nullable=False),
        sa.Column("corp_name", sa.String(), nullable=False),
        sa.Column("unionid", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id_customer")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_contact_identity_id_identity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("external_userid", name=op.f("uq_contact_external_userid")),
        sa.UniqueConstraint("identity_id", name=op.f("uq_contact_identity_id")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "identity_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("other_identity_id", BIG, nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("learnt_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_identity_link_identity_id_identity")),
        sa.ForeignKeyConstraint(
            ["other_identity_id"], ["identity.id"], name=op.f("fk_identity_link_other_identity_id_identity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_link")),
        sa.UniqueConstraint(
            "identity_id",
            "other_identity_id",
            "evidence",
            name=op.f("uq_identity_link_identity_id_other_identity_id_evidence"),
        ),
    )
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_link_other_identity_id"), ["other_identity_id"], unique=False)

    op.create_table(
        "nonce",
        sa.Column("id", BIG, nullable=False),
        sa.Column("signing_key_id", BIG, nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["signing_key_id"], ["signing_key.id"], name=op.f("fk_nonce_signing_key_id_signing_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nonce")),
        sa.UniqueConstraint("signing_key_id", "nonce", name=op.f("uq_nonce_signing_key_id_nonce")),
    )
    with op.batch_alter_table("nonce", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nonce_used_at"), ["used_at"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shop_id", BIG, nullable=False),
        sa.Column("order_no", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=True),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("unionid", sa.String(), nullable=True),
        sa.Column("openid", sa.String(), nullable=True),
        sa.Column("buyer_id", sa.String(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_digest", sa.String(), nullable=True),
        sa.Column("claim_token", sa.String(), nullable=True),
        sa.Column("coupon_codes", sa.JSON(), nullable=False),
        sa.Column("total_fen", BIG, nullable=False),
        sa.Column("discount_fen", BIG, nullable=False),
        sa.Column("shipping_fen", BIG, nullable=False),
        sa.Column("paid_fen", BIG, nullable=False),
        sa.Column("refunded_fen", BIG, nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "total_fen >= 0 AND discount_fen >= 0 AND shipping_fen >= 0 AND paid_fen >= 0 AND refunded_fen >= 0",
            name=op.f("ck_orders_money_not_negative"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_orders_customer_id_customer")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_orders_identity_id_identity")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_orders_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("shop_id", "order_no", name=op.f("uq_orders_shop_id_order_no")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_buyer_id"), ["buyer_id"], unique=False)
        batch_op.create_index("ix_orders_customer_id_ordered_at", ["customer_id", "ordered_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_identity_id"), ["identity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_phone_digest"), ["phone_digest"], unique=False)

    op.create_table(
        "tag_assignment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_tag_assignment_customer_id_customer")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_tag_assignment_identity_id_identity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tag_assignment_staff_id_staff")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_tag_assignment_tag_id_tag")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_assignment")),
        sa.UniqueConstraint(
            "tag_id", "identity_id", "staff_id", name=op.f("uq_tag_assignment_tag_id_identity_id_staff_id")
        ),
    )
    with op.batch_alter_table("tag_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tag_assignment_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tag_assignment_identity_id"), ["identity_id"], unique=False)

    op.create_table(
        "coupon",
        sa.Column("id", BIG, nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("value_fen", BIG, nullable=False),
        sa.Column("threshold_fen", BIG, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_order_id", BIG, nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batch.id"], name=op.f("fk_coupon_batch_id_coupon_batch")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_coupon_customer_id_customer")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_coupon_identity_id_identity")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_coupon_staff_id_staff")),
        sa.ForeignKeyConstraint(["used_order_id"], ["orders.id"], name=op.f("fk_coupon_used_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint(
            "batch_id", "identity_id", "occasion", name=op.f("uq_coupon_batch_id_identity_id_occasion")
        ),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code")),
    )
    with op.batch_alter_table("coupon", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coupon_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coupon_identity_id"), ["identity_id"], unique=False)

    op.create_table(
        "follow",
        sa.Column("id", BIG, nullable=False),
        sa.Column("contact_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("channel_id", BIG, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("add_way", BIG, nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("is_half", sa.Boolean(), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_follow_channel_id_channel")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_follow_contact_id_contact")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_follow_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow")),
        sa.UniqueConstraint("contact_id", "staff_id", name=op.f("uq_follow_contact_id_staff_id")),
    )
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_channel_id"), ["channel_id"], unique=False)
        batch_op.create_index("ix_follow_staff_id_followed_at", ["staff_id", "followed_at"], unique=False)

    op.create_table(
        "order_line",
        sa.Column("id", BIG, nullable=False),
        sa.Column("order_id", BIG, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("line_id", sa.String(), nullable=True),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("price_fen", BIG, nullable=False),
        sa.Column("refunded_quantity", BIG, nullable=False),
        sa.Column("refunded_fen", BIG, nullable=False),
        sa.CheckConstraint("quantity > 0 AND price_fen >= 0", name=op.f("ck_order_line_quantity_and_price")),
        sa.CheckConstraint(
            "refunded_quantity >= 0 AND refunded_fen >= 0", name=op.f("ck_order_line_refund_not_negative")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
    )
    op.create_table(
        "touch",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity_id", BIG, nullable=True),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("userid", sa.String(), nullable=False),
        sa.Column("external_userid", sa.String(), nullable=False),
        sa.Column("coupon_id", BIG, nullable=True),
        sa.Column("inbox_id", BIG, nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("errcode", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_touch_coupon_id_coupon")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_touch_customer_id_customer")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_touch_identity_id_identity")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_touch_inbox_id_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touch")),
        sa.UniqueConstraint("key", name=op.f("uq_touch_key")),
    )
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touch_coupon_id"), ["coupon_id"], unique=False)
        batch_op.create_index("ix_touch_customer_id_created_at", ["customer_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_touch_external_userid"), ["external_userid"], unique=False)
        batch_op.create_index(batch_op.f("ix_touch_identity_id"), ["identity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_touch_inbox_id"), ["inbox_id"], unique=False)
        batch_op.create_index("ix_touch_state_next_try_at", ["state", "next_try_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.drop_index("ix_touch_state_next_try_at")
        batch_op.drop_index(batch_op.f("ix_touch_inbox_id"))
        batch_op.drop_index(batch_op.f("ix_touch_identity_id"))
        batch_op.drop_index(batch_op.f("ix_touch_external_userid"))
        batch_op.drop_index("ix_touch_customer_id_created_at")
        batch_op.drop_index(batch_op.f("ix_touch_coupon_id"))

    op.drop_table("touch")
    op.drop_table("order_line")
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.drop_index("ix_follow_staff_id_followed_at")
        batch_op.drop_index(batch_op.f("ix_follow_channel_id"))

    op.drop_table("follow")
    with op.batch_alter_table("coupon", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_coupon_identity_id"))
        batch_op.drop_index(batch_op.f("ix_coupon_customer_id"))

    op.drop_table("coupon")
    with op.batch_alter_table("tag_assignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tag_assignment_identity_id"))
        batch_op.drop_index(batch_op.f("ix_tag_assignment_customer_id"))

    op.drop_table("tag_assignment")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_phone_digest"))
        batch_op.drop_index(batch_op.f("ix_orders_identity_id"))
        batch_op.drop_index("ix_orders_customer_id_ordered_at")
        batch_op.drop_index(batch_op.f("ix_orders_buyer_id"))

    op.drop_table("orders")
    with op.batch_alter_table("nonce", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_nonce_used_at"))

    op.drop_table("nonce")
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_link_other_identity_id"))

    op.drop_table("identity_link")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_customer_id"))

    op.drop_table("contact")
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signing_key_shop_id"))

    op.drop_table("signing_key")
    op.drop_table("one_time_link")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_customer_id"))

    op.drop_table("identity")
    op.drop_table("user")
    op.drop_table("token")
    op.drop_table("tag")
    op.drop_table("staff")
    op.drop_table("shop")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_state_next_try_at")
        batch_op.drop_index("ix_inbox_received_at")

    op.drop_table("inbox")
    op.drop_table("gate")
    op.drop_table("department")
    op.drop_table("customer")
    op.drop_table("coupon_batch")
    op.drop_table("channel")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_at"))
        batch_op.drop_index("ix_audit_action_subject_at")

    op.drop_table("audit")
