"""What one writes with wechatpy to receive callbacks: decrypt, parse, say success; nothing is stored."""

from flask import Flask, request
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto

PATH = "/bench/echo"


def program(token: str, aes_key: str, corp_id: str) -> Flask:
    """A program of its own: nothing of ours runs before or after it."""
    echoing, crypto = Flask("echo"), WeChatCrypto(token, aes_key, corp_id)

    @echoing.post(PATH)
    def echo() -> str:
        signed = (request.args[name] for name in ("msg_signature", "timestamp", "nonce"))
        parse_message(crypto.decrypt_message(request.get_data(), *signed))
        return "success"

    return echoing
