"""A WeChat user as the official account and the mini-program see them: one openid an account, one unionid for all."""

from dataclasses import dataclass
from typing import Any

from sandbox import credentials
from sandbox.corp import Corp
from sandbox.records import Customer

RULES = {"official_bound": True, "mini_bound": True}  # to one Open Platform account


@dataclass(frozen=True)
class Visitor:
    """Who a code stands for; in a snapshot page both ids are virtual, the unionid one of many strangers."""

    openid: str
    unionid: str | None
    name: str
    is_snapshot: bool = False


def visitor(corp: Corp, app: str, customer: Customer, *, is_snapshot: bool = False) -> Visitor:
    """`app` is official or mini; there is no unionid unless that account is bound to an Open Platform account."""
    bound = rules(corp)[f"{app}_bound"]
    if is_snapshot:
        unionid = "o6" + credentials.letters(corp.seed, "virtual unionid", 26)
        return Visitor(_openid(corp, f"{app} virtual", customer), unionid if bound else None, "微信用户", True)
    return Visitor(_openid(corp, app, customer), customer.unionid if bound else None, customer.name)


def rules(corp: Corp) -> dict[str, Any]:
    return {**RULES, **corp.state.setting("wechat rules", {})}


def _openid(corp: Corp, account: str, customer: Customer) -> str:
    return "o" + credentials.letters(corp.seed, f"{account} openid {customer.external_userid}", 27)
