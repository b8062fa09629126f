"""Files by which a platform sees that a domain is ours."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class VerificationFile(Row):
    """One file at the root of the site: WW_verify_….txt of WeCom, MP_verify_….txt of an official account."""

    __tablename__ = "verification_file"

    name: Mapped[str] = mapped_column(unique=True)
    content: Mapped[str]
    stored_at: Mapped[datetime]
    stored_by: Mapped[str]
