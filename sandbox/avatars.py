"""Small drawn pictures for people: the sandbox needs no picture files and nobody's face."""

from urllib.parse import quote, urljoin
from zlib import crc32

# ground, main, second, third colour
PALETTES = (
    ("#F4D9D2", "#D9534A", "#5E9B72", "#8FC3A0"),
    ("#DCEBDC", "#F2B84B", "#FBD98A", "#7DAF7B"),
    ("#F1D9E4", "#B9648E", "#E3A6C2", "#8C4A6B"),
    ("#D8EAF0", "#3F7F96", "#86B9C7", "#F2CE72"),
    ("#E7E3D2", "#6E8B5B", "#A4BB8B", "#C98F4E"),
    ("#E2DDF0", "#7B6BB0", "#B6A9DA", "#F0C36B"),
    ("#FBE6CF", "#D9772F", "#F3B77C", "#8A5A33"),
    ("#D9E8E4", "#2F7D6B", "#7FB8A8", "#F0A868"),
)
SKIN, HAIRS = "#F6D3B8", ("#4A3428", "#2E2A33", "#6B4A34", "#3B3F4A")

MOTIFS = {
    "tulip": '<path d="M24 25v18" stroke="{c}" stroke-width="3" stroke-linecap="round"/>'
    '<path d="M24 38c5-7 9-8 12-8-1 5-5 9-12 9z" fill="{d}"/>'
    '<path d="M15 10l5 4 4-6 4 6 5-4v9a9 9 0 0 1-18 0z" fill="{b}"/>',
    "sun": '<circle cx="24" cy="24" r="9" fill="{b}"/><g stroke="{c}" stroke-width="3" stroke-linecap="round">'
    '<path d="M24 7v4M24 37v4M7 24h4M37 24h4M12 12l3 3M33 33l3 3M36 12l-3 3M15 33l-3 3"/></g>',
    "dawn": '<path d="M13 33a11 11 0 0 1 22 0z" fill="{b}"/><path d="M6 33h36v9H6z" fill="{c}"/>'
    '<path d="M24 12v5M10 19l4 3M38 19l-4 3" stroke="{b}" stroke-width="3" stroke-linecap="round"/>',
    "sea": '<circle cx="34" cy="15" r="5" fill="{d}"/>'
    '<path d="M0 29c8-7 14 4 24 0s16-5 24-1v20H0z" fill="{c}"/>'
    '<path d="M0 37c9-5 15 3 25 0s15-3 23 0v11H0z" fill="{b}"/>',
    "leaf": '<path d="M12 34C10 18 22 10 37 10c1 16-6 27-22 26z" fill="{b}"/>'
    '<path d="M10 40c4-9 11-16 19-21" stroke="{a}" stroke-width="2.6" stroke-linecap="round" fill="none"/>',
    "cat": '<path d="M11 12l8 6h10l8-6v18a13 11 0 0 1-26 0z" fill="#FFF"/>'
    '<circle cx="19" cy="27" r="2" fill="{b}"/><circle cx="29" cy="27" r="2" fill="{b}"/>'
    '<path d="M22 32l2 2 2-2" stroke="{b}" stroke-width="2" fill="none" stroke-linecap="round"/>',
    "peak": '<path d="M4 40l14-22 8 12 5-7 13 17z" fill="{b}"/><path d="M18 18l5 7-3 2-3-2-3 2z" fill="#FFF"/>'
    '<circle cx="35" cy="13" r="4.5" fill="{d}"/>',
    "cup": '<path d="M11 19h22v11a10 9 0 0 1-22 0z" fill="{b}"/>'
    '<path d="M33 22h3a4 4 0 0 1 0 8h-3" stroke="{b}" stroke-width="3" fill="none"/>'
    '<path d="M18 8c-2 3 2 4 0 7M26 8c-2 3 2 4 0 7" stroke="{c}" stroke-width="2.6" fill="none"/>',
    "moon": '<path d="M31 33a13 13 0 1 1-4-24 11 11 0 0 0 4 24z" fill="{b}"/>'
    '<circle cx="36" cy="15" r="2" fill="{d}"/><circle cx="31" cy="22" r="1.5" fill="{d}"/>',
    "daisy": '<g fill="#FFF"><circle cx="24" cy="14" r="6"/><circle cx="33" cy="20" r="6"/>'
    '<circle cx="30" cy="31" r="6"/>'
    '<circle cx="18" cy="31" r="6"/><circle cx="15" cy="20" r="6"/></g>'
    '<circle cx="24" cy="24" r="6" fill="{d}"/>',
    "fish": '<path d="M7 24c7-11 19-11 26-2l7-6v16l-7-6c-7 9-19 9-26-2z" fill="{b}"/>'
    '<circle cx="16" cy="22" r="2" fill="#FFF"/>',
    "house": '<path d="M8 24L24 10l16 14h-4v16H12V24z" fill="{b}"/><path d="M20 40V29h8v11z" fill="{a}"/>',
    "woman": '<path d="M12 27c0-12 4-17 12-17s12 5 12 17v9H12z" fill="{h}"/>'
    '<path d="M9 48c1-9 6-12 15-12s14 3 15 12z" fill="{b}"/><path d="M20 30h8v8a4 4 0 0 1-8 0z" fill="{s}"/>'
    '<ellipse cx="24" cy="24" rx="7.5" ry="8.5" fill="{s}"/>'
    '<path d="M16 23c1-6 5-8 8-8 4 0 7 3 8 8-5-1-8-3-9-6-1 3-3 5-7 6z" fill="{h}"/>',
    "man": '<path d="M9 48c1-9 6-12 15-12s14 3 15 12z" fill="{b}"/>'
    '<path d="M20 30h8v8a4 4 0 0 1-8 0z" fill="{s}"/>'
    '<ellipse cx="24" cy="23" rx="8" ry="9" fill="{s}"/>'
    '<path d="M15 22c-1-8 3-12 9-12s10 4 9 12c-2-1-2-4-3-5-4 1-9 1-12-1-1 2-1 5-3 6z" fill="{h}"/>',
}
CUSTOMER_MOTIFS = tuple(name for name in MOTIFS if name not in ("woman", "man"))


def path(motif: str, variant: int) -> str:
    return f"/sandbox/avatars/{motif}-{variant % len(PALETTES)}.svg"


def address(root: str, avatar: str, id: str) -> str:
    """Where the picture is to be had: WeCom's `avatar` is always a whole address."""
    if avatar:
        return urljoin(root, avatar)
    return f"{root.rstrip('/')}/sandbox/avatars/{quote(id, safe='')}.svg"


def svg(name: str) -> str:
    """The picture called `motif-variant`; any other name is somebody's id and always gets the same one."""
    motif, _, variant = name.rpartition("-")
    if motif in MOTIFS and variant.isdigit():
        number = int(variant)
    else:
        number = crc32(name.encode())
        motif = CUSTOMER_MOTIFS[number % len(CUSTOMER_MOTIFS)]
        number //= len(CUSTOMER_MOTIFS)
    ground, main, second, third = PALETTES[number % len(PALETTES)]
    hair = HAIRS[number % len(HAIRS)]
    drawn = MOTIFS[motif].format(a=ground, b=main, c=second, d=third, s=SKIN, h=hair)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="96" height="96">'
        f'<rect width="48" height="48" fill="{ground}"/>{drawn}</svg>'
    )
