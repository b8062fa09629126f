"""What WeCom pushes to us: verified, decrypted and parsed without wechatpy (decision 0004; docs/wecom.md 2)."""

import binascii
import hashlib
import hmac
import json
import re
import threading
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from wecom.events import Event, event_of

_LOCAL = threading.local()
LARGEST_BODY = 256 * 1024  # a group change naming 2,000 members is about 100 KiB


class BadCallback(Exception):
    """Not a callback for us; `reason_code` says why in one word of ours, never quoting what came.

    too_large, bad_envelope, bad_signature, undecipherable, wrong_corp, bad_message.
    """

    def __init__(self, reason_code: str) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code


class CallbackCrypto:
    """Opens what was signed with our token and encrypted for our corp; threads share it."""

    def __init__(self, token: str, aes_key: str, corp_id: str) -> None:
        if not token or len(aes_key) != 43:
            raise ValueError("a callback needs its token and the 43 characters of its EncodingAESKey")
        key = binascii.a2b_base64(aes_key + "=")
        self._token = token
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._corp_id = corp_id.encode()

    def verify_url(self, *, msg_signature: str, timestamp: str, nonce: str, echostr: str) -> bytes:
        """The bare text to answer when WeCom checks our address (2.2), within a second."""
        echostr = echostr.replace(" ", "+")  # a form-decoded query turned base64's plus into a space
        self._check_signature(msg_signature, timestamp, nonce, echostr)
        return self._decrypt(echostr)

    def open(self, body: bytes, *, msg_signature: str, timestamp: str, nonce: str) -> Event:
        """The event inside a pushed body, an XML or a JSON envelope (2.3). Raises `BadCallback` and nothing else.

        Old timestamps are not refused: WeCom pushes late, and the event's key makes a replay harmless.
        """
        if len(body) > LARGEST_BODY:
            raise BadCallback("too_large")
        encrypted = _encrypted_part(body)
        self._check_signature(msg_signature, timestamp, nonce, encrypted)
        return parse(self._decrypt(encrypted))

    def _check_signature(self, given: str, timestamp: str, nonce: str, encrypted: str) -> None:
        joined = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        wanted = hashlib.sha1(joined.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            raise BadCallback("bad_signature")

    def _decrypt(self, encrypted: str) -> bytes:
        """16 random bytes, 4 of length, the message, the corp id, then 1 to 32 bytes that each say how many (2.4)."""
        try:
            decryptor = self._cipher.decryptor()
            padded = decryptor.update(binascii.a2b_base64(encrypted)) + decryptor.finalize()
        except ValueError:  # not base64, or not whole blocks
            raise BadCallback("undecipherable") from None
        pad = padded[-1] if padded else 0
        end = 20 + int.from_bytes(padded[16:20], "big")
        if not 1 <= pad <= 32 or end > len(padded) - pad or padded[-pad:] != bytes((pad,)) * pad:
            raise BadCallback("undecipherable")
        if not hmac.compare_digest(padded[end:-pad], self._corp_id):
            raise BadCallback("wrong_corp")
        return padded[20:end]


def parse(xml: bytes) -> Event:
    """The event in a decrypted message, for a replay from stored bytes as well. Raises `BadCallback`."""
    fields = _json_fields(xml) if xml.lstrip()[:1] == b"{" else _xml_fields(xml)
    if fields is None:
        raise BadCallback("bad_message")
    return event_of(fields, xml)


# The envelope as WeCom writes it: three flat elements. Any other goes through the parser, which takes longer.
_FLAT = rb"(?:<!\[CDATA\[[^\]<>&]{0,128}\]\]>|[^<>&\]]{0,128})"
_ENVELOPE = re.compile(
    rb"\s*<xml>\s*(?:<ToUserName>" + _FLAT + rb"</ToUserName>\s*|<AgentID>" + _FLAT + rb"</AgentID>\s*)*"
    rb"<Encrypt>(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))</Encrypt>\s*"
    rb"(?:<ToUserName>" + _FLAT + rb"</ToUserName>\s*|<AgentID>" + _FLAT + rb"</AgentID>\s*)*</xml>\s*"
)


def _encrypted_part(body: bytes) -> str:
    if usual := _ENVELOPE.fullmatch(body):
        return (usual[1] or usual[2]).decode("ascii")
    fields = _json_fields(body) if body.lstrip()[:1] == b"{" else _xml_fields(body)
    encrypted = (fields or {}).get("Encrypt") or (fields or {}).get("encrypt")
    if not isinstance(encrypted, str) or not encrypted.isascii():
        raise BadCallback("bad_envelope")
    return encrypted


def _json_fields(body: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(body.decode())
        whole = json.dumps(fields, ensure_ascii=False).encode()  # half a surrogate pair cannot be stored
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and b"\\u0000" not in whole else None


def _xml_fields(body: bytes) -> dict[str, Any] | None:
    """The children of the root by name, None when it is not plain XML: no DTD, no entities of its own, UTF-8 only."""
    try:
        root = etree.fromstring(body, _parser())
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        return None
    found = _value(root)
    return found if isinstance(found, dict) else None


def _parser() -> Any:
    """This thread's reader: it looks nothing up, expands nothing and gives up on what is huge."""
    found = getattr(_LOCAL, "parser", None)
    if found is None:
        found = _LOCAL.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    return found


def _value(element: Any) -> Any:
    """Text of a leaf, a dict of children; a name that repeats holds a list."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _value(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found
