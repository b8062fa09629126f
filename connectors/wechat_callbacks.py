"""WeChat's encrypted callback: the signature over four values, AES-256-CBC inside."""

import binascii
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from connectors.documents import parse
from connectors.errors import BadPush, Misfit

BLOCK = 32
HEAD = 16 + 4  # random bytes, then the length of the message


class Callbacks:
    """Opens what was signed with our token and encrypted for our appid."""

    def __init__(self, token: str, aes_key: str, appid: str) -> None:
        if not token or len(aes_key) != 43:
            raise BadPush("not_set_up")
        try:
            key = binascii.a2b_base64(aes_key + "=")
        except binascii.Error:
            raise BadPush("not_set_up") from None
        self._token, self._appid = token, appid.encode()
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def open_body(self, body: bytes, args: Mapping[str, str]) -> bytes:
        """The event inside a JSON envelope."""
        try:
            encrypted = parse(body).text("Encrypt", 10**7)
        except Misfit as problem:
            raise BadPush(problem.code) from None
        return self.open(encrypted, args)

    def open(self, encrypted: str, args: Mapping[str, str]) -> bytes:
        encrypted = encrypted.replace(" ", "+")  # a form-decoded query turned base64's plus into a space
        parts = sorted((self._token, args.get("timestamp", ""), args.get("nonce", ""), encrypted))
        expected = hashlib.sha1("".join(parts).encode("utf-8", "replace")).hexdigest()  # noqa: S324 - WeChat's choice
        given = args.get("msg_signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(expected.encode(), given):
            raise BadPush("msg_signature")
        return self._decrypted(encrypted)

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            sealed = binascii.a2b_base64(encrypted)
            decryptor = self._cipher.decryptor()
            plain = decryptor.update(sealed) + decryptor.finalize()
        except (ValueError, binascii.Error):
            raise BadPush("undecipherable") from None
        if len(plain) < HEAD + BLOCK - HEAD % BLOCK or not 1 <= plain[-1] <= BLOCK:
            raise BadPush("undecipherable")
        plain = plain[: -plain[-1]]
        length = int.from_bytes(plain[16:HEAD], "big")
        message, receiver = plain[HEAD : HEAD + length], plain[HEAD + length :]
        if receiver != self._appid:
            raise BadPush("appid")
        return message
