"""Callbacks as WeCom would push them: encrypted, signed, and ready to be written to a socket."""

import base64
import hashlib
import os
import secrets
import struct
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TOKEN, AES_KEY, CORP = "benchtoken", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "ww0123456789abcdef"
CIPHER = Cipher(algorithms.AES(base64.b64decode(AES_KEY + "=")), modes.CBC(base64.b64decode(AES_KEY + "=")[:16]))
Push = tuple[str, bytes]
"""Query and body."""


def add(userid: str = "lan", external_userid: str = "", *, corp: str = CORP) -> Push:
    """An add, with a welcome code; of a customer nobody knows when none is named."""
    more = f"<State><![CDATA[parcel]]></State><WelcomeCode><![CDATA[{secrets.token_urlsafe(32)}]]></WelcomeCode>"
    return _push("add_external_contact", userid, external_userid or f"wm{secrets.token_hex(15)}", more, corp)


def edit(userid: str, external_userid: str, *, corp: str = CORP) -> Push:
    """The member changed what they noted about the customer."""
    return _push("edit_external_contact", userid, external_userid, "", corp)


def request_to(path: str, push: Push) -> bytes:
    """A whole HTTP request."""
    query, body = push
    head = (
        f"POST {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _push(change: str, userid: str, external_userid: str, more: str, corp: str) -> Push:
    xml = (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>"
        f"<UserID><![CDATA[{userid}]]></UserID><ExternalUserID><![CDATA[{external_userid}]]></ExternalUserID>"
        f"{more}</xml>"
    ).encode()
    plain = os.urandom(16) + struct.pack(">I", len(xml)) + xml + corp.encode()
    pad = 32 - len(plain) % 32
    encryptor = CIPHER.encryptor()
    encrypted = base64.b64encode(encryptor.update(plain + bytes((pad,)) * pad) + encryptor.finalize()).decode()
    timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
    joined = "".join(sorted((TOKEN, timestamp, nonce, encrypted)))
    signature = hashlib.sha1(joined.encode()).hexdigest()
    body = (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName><AgentID><![CDATA[1]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return f"msg_signature={signature}&timestamp={timestamp}&nonce={nonce}", body.encode()
