"""Files by which a platform sees that a domain is ours: strict names, strict contents, nothing else is served."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm.errors import BadInput, Conflict, NotFound
from models.database import changed, insert_if_absent
from models.verification import VerificationFile

NAME = re.compile(r"(WW|MP)_verify_[A-Za-z0-9]{16}\.txt", re.ASCII)
CONTENT = re.compile(r"[A-Za-z0-9]{8,64}", re.ASCII)
MOST = 20
LARGEST = 100  # bytes


def every(session: Session) -> Sequence[VerificationFile]:
    return session.scalars(select(VerificationFile).order_by(VerificationFile.name)).all()


def content_of(session: Session, name: str) -> str:
    """Raises `NotFound`."""
    found = session.scalar(select(VerificationFile.content).where(VerificationFile.name == name))
    if found is None:
        raise NotFound("没有这个页面")
    return found


def store(session: Session, name: str, content: bytes, *, by: str, now: datetime) -> str:
    """Keep one file, or its new content; its name. What is no file of WeCom's or an official account's is refused."""
    if not NAME.fullmatch(name):
        raise BadInput("文件名应像 WW_verify_16 位字母数字.txt，从企业微信或公众号后台下载，不要改名", field="file")
    try:
        text = content[: LARGEST + 1].decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not CONTENT.fullmatch(text):
        raise BadInput("文件里应只有一串字母数字，重新下载一份", field="file")
    facts = {"content": text, "stored_at": now, "stored_by": by}
    if not insert_if_absent(session, VerificationFile, name=name, **facts):
        session.execute(update(VerificationFile).where(VerificationFile.name == name).values(**facts))
    if len(every(session)) > MOST:
        raise Conflict("最多放 20 个，先删掉不用的")
    return name


def drop(session: Session, file_id: int) -> None:
    """Safe to repeat."""
    changed(session, delete(VerificationFile).where(VerificationFile.id == file_id))
