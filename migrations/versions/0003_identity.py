"""Who is whom: evidence of each link, refusals, decisions."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None: ...


def downgrade() -> None: ...
