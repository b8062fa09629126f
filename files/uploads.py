"""Uploaded files on disk: taken in piece by piece, and everything that is kept beside them until they are imported."""

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from crm.errors import BadInput, Conflict
from files.columns import Mapping
from files.imports import Source
from models.file_import import FileImport

PIECE = 4 * 1024 * 1024


class Uploads:
    """The folder of the uploads: for its owner's eyes only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, row: FileImport, place: int) -> Path:
        return self.folder / f"upload-{row.id}-{place}"

    def source(self, row: FileImport) -> Source:
        """Its files: that of the lines and, where there is one, that of the orders (see `put_in_order`)."""
        paths = [self.path(row, place) for place in range(len(row.files))]
        return Source(paths[0], paths[1] if len(paths) > 1 else None)

    def is_here(self, row: FileImport) -> bool:
        return all(self.path(row, place).exists() for place in range(len(row.files)))

    def is_whole(self, row: FileImport) -> bool:
        return self.is_here(row) and all(
            self.path(row, place).stat().st_size == file["size"] for place, file in enumerate(row.files)
        )

    def add(self, row: FileImport, place: int, at: int, piece: bytes) -> int:
        """Put a piece at the end of a file; how much is there now. `Conflict` when it does not follow the last one."""
        if not 0 <= place < len(row.files):
            raise BadInput("没有这个文件", field="file")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path(row, place), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            here = file.tell()
            if at != here:
                raise Conflict("这一段接不上，已经收到 %(n)s 字节", n=here)
            if here + len(piece) > row.files[place]["size"]:
                raise BadInput("文件比说好的大。重新选一次", field="file")
            file.write(piece)
            return here + len(piece)

    def staging(self, row: FileImport, mapping: Mapping) -> Path:
        """Where its lines wait: another place for another meaning of its columns."""
        return self.folder / f"upload-{row.id}-{sha256(mapping.model_dump_json().encode()).hexdigest()[:16]}.db"

    def errors(self, row: FileImport) -> Path:
        return self.folder / f"errors-{row.id}.csv"

    def put_in_order(self, row: FileImport, first: Source) -> None:
        """Name the files so that the one of lines comes first."""
        if first.lines == self.path(row, 0):
            return
        spare = self.path(row, 9)
        for old, new in ((0, 9), (1, 0), (9, 1)):
            (spare if old == 9 else self.path(row, old)).replace(spare if new == 9 else self.path(row, new))

    def forget(self, row: FileImport, *, errors_too: bool = False) -> None:
        """The files and what was staged of them are needed no more."""
        for path in self._of(row):
            if errors_too or path != self.errors(row):
                with suppress(FileNotFoundError):
                    path.unlink()

    def _of(self, row: FileImport) -> Iterator[Path]:
        yield from self.folder.glob(f"upload-{row.id}-*")
        yield self.errors(row)
