"""Who is whom, in words an operator understands: what somebody is known by, what proves it, why it was refused."""

from crm.identities import Key
from crm.identity_reports import Evidence
from models.customer import Identity
from words import gettext


def kind(identity: Identity | Key) -> str:
    """What sort of account it is; of a shop's, with the shop's name."""
    return {
        "unionid": gettext("微信"),
        "external_userid": gettext("企业微信好友"),
        "wecom_openid": gettext("打开过我们网页的微信"),
        "openid": gettext("%(shop)s的小程序或公众号", shop=identity.scope),
        "buyer_id": gettext("%(shop)s的买家", shop=identity.scope),
        "phone": gettext("手机号"),
        "order_no": gettext("%(shop)s的订单", shop=identity.scope),
        "pending_id": gettext("还没对上的微信"),
    }.get(identity.kind, identity.kind)


def value(identity: Identity | Key) -> str:
    """Its number as it may be shown: of a phone only a fingerprint is kept."""
    if identity.kind == "phone":
        return gettext("指纹 %(start)s…", start=identity.value[:8])
    return identity.value


def proof(name: str) -> str:
    return {
        "wecom_contact": gettext("企业微信说，这位好友就是这个微信"),
        "wecom_group": gettext("企业微信说，这位群成员就是这个微信"),
        "wecom_oauth": gettext("用这个微信打开过我们的网页"),
        "official_account": gettext("在公众号里授权过"),
        "shop_pair": gettext("店铺的系统说是同一个人"),
        "pending_id": gettext("企业微信把临时编号对上了"),
        "operator": gettext("有人看过，说是同一个人"),
        "order_named": gettext("同一笔订单上写着这两个账号"),
        "parcel": gettext("打开过包裹里的码"),
        "customer_claim": gettext("客户自己填了订单号"),
        "staff_order": gettext("同事替客户填了订单号"),
        "phone": gettext("留的是同一个手机号"),
    }.get(name, name)


def certainty(fact: Evidence) -> tuple[str, str]:
    """How sure it is, as a pill."""
    if fact.state == "retracted":
        return "quiet", gettext("拆开了")
    if fact.state == "refused":
        return "warm", gettext("有冲突，没算")
    return ("good", gettext("确定")) if fact.is_certain else ("quiet", gettext("很可能"))


def refusal(code: str) -> str:
    """Why a fact does not count, and what it would take."""
    return {
        "two_unionids": gettext("两边是两个不同的微信，一个人不会有两个，所以没合"),
        "two_contacts": gettext("两边是两位不同的好友，所以没合"),
        "claimed": gettext("这笔订单已经算在别的客户名下了"),
        "shared": gettext("这个号码有两位以上的客户在用，分不清是谁的"),
        "crowded": gettext("用它的人太多，认不出任何一位"),
    }.get(code, gettext("还没算到"))


def source(name: str) -> str:
    """Where a fact was learnt."""
    said = name.split(":")[0]
    words = {
        "wecom": gettext("企业微信"),
        "shop": gettext("店铺"),
        "parcel": gettext("包裹码"),
        "landing": gettext("客户打开的网页"),
        "claim": gettext("绑定订单的页面"),
        "official_account": gettext("公众号"),
        "sidebar": gettext("侧边栏"),
        "console": gettext("后台"),
    }
    return words.get(said) or name or "–"


def by_whom(actor: str, names: dict[str, str]) -> str:
    known = names.get(actor, actor)
    if known != actor:
        return known
    return {"system": gettext("系统"), "customer": gettext("客户自己")}.get(actor, actor or "–")
