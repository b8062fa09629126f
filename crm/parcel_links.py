"""The link printed with a parcel: it names one order, and cannot be changed to name another."""

from hmac import compare_digest
from urllib.parse import urlencode

from models.shop import Shop
from models.vault import Vault

LENGTH = 32  # hex digits, 128 bits: short enough for a small QR code


def link(public_url: str, shop: Shop, order_no: str, *, vault: Vault) -> str:
    """The address to print; the same order always has the same."""
    query = urlencode({"k": shop.id, "o": order_no, "s": signature(shop.id, order_no, vault=vault)})
    return f"{public_url}/p?{query}"


def signature(shop_id: int, order_no: str, *, vault: Vault) -> str:
    return vault.digest(f"parcel link\n{shop_id}\n{order_no}")[:LENGTH]


def is_ours(shop_id: int, order_no: str, signed: str, *, vault: Vault) -> bool:
    """Whether we signed this link; takes as long whatever is wrong with it."""
    return compare_digest(signature(shop_id, order_no, vault=vault).encode(), signed.encode())
