"""What staff wrote about somebody who is erased: it goes with their names."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.contact_edit import ContactEdit
from models.database import changed
from models.note import Note, ProfileField
from models.todo import Todo

AT_ONCE = 500


def erase(session: Session, identity_ids: Sequence[int]) -> int:
    """Delete at most `AT_ONCE` notes, profile fields, to-dos and edits of these identities; how many."""
    for table in (Note, ProfileField, Todo, ContactEdit):
        some = select(table.id).where(table.identity_id.in_(identity_ids)).limit(AT_ONCE)
        if gone := changed(session, delete(table).where(table.id.in_(some))):
            return gone
    return 0
