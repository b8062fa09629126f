"""Files taken in through the console, and the platforms that are connected."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("orders", sa.Column("phone_kind", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "phone_kind")
