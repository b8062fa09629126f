"""Pictures of screens made small: a screen has few colours, and a PNG with a palette needs a byte for each point."""

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256
RGB = b"\x08\x02"  # eight bits of three colours: what Chromium writes


def with_palette(png: bytes) -> bytes:
    """The same picture in its 256 commonest colours; every other point takes the nearest of these."""
    chunks = _chunks(png)
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    if chunks[b"IHDR"][8:10] != RGB:
        return png
    lines = _unfiltered(zlib.decompress(chunks[b"IDAT"]), width * 3, height)
    points = [[line[at : at + 3] for at in range(0, width * 3, 3)] for line in lines]
    seen = Counter(point for line in points for point in line)
    palette = [colour for colour, _ in seen.most_common(MOST_COLOURS)]
    place = {colour: _nearest(colour, palette) for colour in seen}
    body = b"".join(b"\0" + bytes([place[point] for point in line]) for line in points)
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(palette)),
            _chunk(b"IDAT", zlib.compress(body, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    def distance(at: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(colour, palette[at], strict=True))

    return palette.index(colour) if colour in palette else min(range(len(palette)), key=distance)


def _chunks(png: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind = png[at + 4 : at + 8]
        found[kind] = found.get(kind, b"") + png[at + 8 : at + 8 + length]
        at += length + 12
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _unfiltered(raw: bytes, stride: int, height: int) -> list[bytes]:
    """PNG specification, 9.2: each line was written as the difference to its neighbours."""
    lines, above = [], bytes(stride)
    for number in range(height):
        kind, line = raw[number * (stride + 1)], bytearray(raw[number * (stride + 1) + 1 : (number + 1) * (stride + 1)])
        for at in range(stride if kind else 0):
            left, corner = (line[at - 3], above[at - 3]) if at >= 3 else (0, 0)
            line[at] = (line[at] + _predicted(kind, left, above[at], corner)) & 255
        above = bytes(line)
        lines.append(above)
    return lines


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda one: abs(guess - one))
    return {1: left, 2: up, 3: (left + up) // 2}[kind]
