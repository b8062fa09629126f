"""A shop's own program: it knows its key and secret, and signs as the issue says, with code of its own."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from crm import shops
from runtime import Runtime


class ShopProgram:
    """Signs and sends; every part of a request can be told otherwise."""

    def __init__(self, client: FlaskClient, runtime: Runtime, name: str, key: str, secret: str) -> None:
        self.client, self.runtime, self.name, self.key, self.secret = client, runtime, name, key, secret

    def sign(self, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
        lines = ["v1", method, target, timestamp, nonce, hashlib.sha256(body).hexdigest()]
        return hmac.new(self.secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    def headers(self, body: bytes, *, target: str = "/mall/orders", nonce: str | None = None, skew: float = 0):
        timestamp = str(int((self.runtime.now() + timedelta(seconds=skew)).timestamp()))
        nonce = nonce or uuid.uuid4().hex
        return {
            "X-Huitou-Key": self.key,
            "X-Huitou-Timestamp": timestamp,
            "X-Huitou-Nonce": nonce,
            "X-Huitou-Signature": self.sign("POST", target, timestamp, nonce, body),
        }

    def send(
        self,
        body: bytes,
        *,
        target: str = "/mall/orders",
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        **more: Any,
    ):
        headers = self.headers(body, target=target, **more) if headers is None else headers
        return self.client.post(target, data=body, headers=headers, content_type=content_type)

    def get(self, target: str):
        """A signed GET; what is signed is the path as it goes out."""
        timestamp, nonce = str(int(self.runtime.now().timestamp())), uuid.uuid4().hex
        signed = self.sign("GET", target, timestamp, nonce, b"")
        return self.client.get(
            target,
            headers={
                "X-Huitou-Key": self.key,
                "X-Huitou-Timestamp": timestamp,
                "X-Huitou-Nonce": nonce,
                "X-Huitou-Signature": signed,
            },
        )

    def post(self, *orders: Any, **more: Any):
        return self.post_to("orders", *orders, **more)

    def post_to(self, path: str, *records: Any, noun: str = "", **more: Any):
        body = json.dumps({"shop": self.name, noun or path: records}).encode()
        return self.send(body, target=f"/mall/{path}", **more)

    def post_lines(self, noun: str, *lines: str | dict[str, Any], **more: Any):
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return self.send(text.encode(), target=f"/mall/{noun}", content_type="application/x-ndjson", **more)


@pytest.fixture
def new_shop(runtime: Runtime, client: FlaskClient) -> Callable[..., ShopProgram]:
    """Adds a shop, or another key of one, and returns its program."""

    def add(name: str = "小程序商城") -> ShopProgram:
        key, secret = f"hk_{uuid.uuid4().hex[:16]}", uuid.uuid4().hex
        with runtime.transaction() as session:
            shops.add_key(session, name, key=key, secret_sealed=runtime.vault.seal(secret), now=runtime.now())
        return ShopProgram(client, runtime, name, key, secret)

    return add


@pytest.fixture
def shop(new_shop: Callable[..., ShopProgram]) -> ShopProgram:
    return new_shop()
