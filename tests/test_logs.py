"""What the log holds, at its most talkative: ids and counts, never a secret, a number, a name or a text (I10)."""

import logging

import pytest
from sqlalchemy import text

from jobs.schedule import JOBS
from jobs.worker import Worker
from models import Touch
from tests.callbacks import Callbacks
from tests.mall.conftest import new_shop, shop  # noqa: F401
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401
from tests.test_bad_input import ORDER

PHONE, NAME, REMARK, PRODUCT = "13812345678", "王小雨的全名", "对香精过敏", "保密的商品名"
TOKEN = "K" * 32  # of a coupon's link


@pytest.fixture
def everything(caplog):
    """All that would be written with the level at debug, errors with their text."""
    logging.getLogger().setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        yield lambda: "\n".join(logging.Formatter("%(name)s %(message)s").format(record) for record in caplog.records)


def live(shop, callbacks, at_the_chat, runtime, sandbox, make):  # noqa: F811
    """A day's work with every kind of person in it; what fails is as good as what works."""
    order = ORDER | {"phone": PHONE, "unionid": "o-unionid-of-wang", "items": [ORDER["items"][0] | {"name": PRODUCT}]}
    shop.post(order, order | {"phone": PHONE + "x"}, order | {PHONE: NAME})
    callbacks.contact(
        "add_external_contact", "lan", "wm_wang", at=runtime.now(), WelcomeCode="WELCOME-CODE", State=REMARK
    )
    callbacks.post(
        f"<xml><MsgType>text</MsgType><Content>{REMARK}</Content><FromUserName>lan</FromUserName><MsgId>1</MsgId></xml>"
    )
    for job in ("send_welcomes", "apply_events", "forget_old"):
        Worker(runtime)._did(job, JOBS[job])
    at_the_chat.get("contacts/wm_wang")
    at_the_chat.get("contacts/wm_wang", part=True)
    at_the_chat.get(f"customers/1/orders?q={NAME}")
    at_the_chat.post("customers/1/coupons", {"batch_id": 1, "occasion": NAME})
    sent = at_the_chat.post("customers/1/coupons", {"batch_id": 1, "occasion": "at-the-counter"}).json
    token = sent["chat_message"]["news"]["link"].rpartition("/")[2] if "chat_message" in sent else TOKEN
    at_the_chat.client.get(f"/c/{token}")
    at_the_chat.client.post(f"/c/{token}", data={"csrf_token": token})
    at_the_chat.client.post("/console/sign-in", data={"login": NAME, "password": "a password nobody may read"})
    return token


@pytest.mark.parametrize("broken", ["", "order_line", "touch", "audit"])
def test_no_secret_number_name_or_text_is_ever_logged(
    shop, client, at_the_chat, lan, runtime, sandbox, make, settings, everything, broken  # noqa: F811
):  # fmt: skip
    contact = make.contact("wm_wang", name=NAME, unionid="o-unionid-of-wang")
    make.follow(contact, lan, remark=REMARK)
    make.coupon_batch(name=PRODUCT)
    make.gate("live")
    if broken:
        with runtime.transaction() as session:
            session.execute(text(f'ALTER TABLE "{broken}" RENAME TO "{broken}_away"'))

    token = live(shop, Callbacks(client, sandbox.credentials), at_the_chat, runtime, sandbox, make)

    written = everything()
    known = sandbox.credentials
    for secret in (
        PHONE, NAME, REMARK, PRODUCT, "WELCOME-CODE", "o-unionid-of-wang", "a password", shop.secret, "access_token=",
        token, known["secret"], known["callback_token"], known["callback_aes_key"], at_the_chat.token,
    ):  # fmt: skip
        assert secret not in written
    if broken:
        assert "Error" in written or "UndefinedTable" in written  # it did fail, and it was said
    else:
        assert make.rows(Touch)
