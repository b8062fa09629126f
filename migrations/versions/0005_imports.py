"""Files taken in through the console, and the platforms that are connected."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None: ...


def downgrade() -> None: ...
