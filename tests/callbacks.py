"""Callbacks as WeCom makes them, by the sandbox's own crypto."""

import itertools
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox import crypto


class Callbacks:
    """Pushes events to /bot/callback of a test client, signed with these credentials."""

    def __init__(self, client: FlaskClient, credentials: dict[str, Any]) -> None:
        self._client = client
        self._corp = credentials
        self._nonces = itertools.count(1)

    def post(self, xml: str, *, token: str = "", corp_id: str = "", timestamp: str = "1795340000") -> TestResponse:
        encrypted = crypto.encrypt(self._corp["callback_aes_key"], xml, corp_id or self._corp["corp_id"])
        body = f"<xml><ToUserName>x</ToUserName><AgentID>1</AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        return self.post_raw(body.encode(), **self.signed(encrypted, token=token, timestamp=timestamp))

    def post_raw(self, body: bytes, **query: str) -> TestResponse:
        return self._client.post(f"/bot/callback?{urlencode(query)}", data=body, content_type="text/xml")

    def signed(self, encrypted: str, *, token: str = "", timestamp: str = "1795340000") -> dict[str, str]:
        nonce = f"n{next(self._nonces)}"
        signature = crypto.signature(token or self._corp["callback_token"], timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def contact(self, change: str, userid: str, external_userid: str, *, at: datetime, **more: str) -> TestResponse:
        return self.post(contact_xml(change, userid, external_userid, at=at, **more))


def contact_xml(change: str, userid: str, external_userid: str, *, at: datetime, **more: str) -> str:
    """One change_external_contact event; `more` adds State, WelcomeCode and the like."""
    return event_xml(
        "change_external_contact", at=at, ChangeType=change, UserID=userid, ExternalUserID=external_userid, **more
    )


def event_xml(event: str, *, at: datetime, **fields: str) -> str:
    common = {"ToUserName": "ww", "FromUserName": "sys", "CreateTime": str(int(at.timestamp()))}
    parts = common | {"MsgType": "event", "Event": event} | fields
    return "<xml>" + "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in parts.items()) + "</xml>"
