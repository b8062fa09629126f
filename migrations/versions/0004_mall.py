"""What a shop tells besides orders: products, behaviour, webhooks."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None: ...


def downgrade() -> None: ...
