"""Recommendations beside the chat: reasons for staff, words that give nothing away, and hiding one."""

from datetime import timedelta

from models import Audit, Behaviour, HiddenProduct


def test_what_was_looked_at_is_a_reason_for_staff_and_no_word_of_it_may_be_sent(make, at_the_chat, lan):
    make.gate("live")
    wang, lamp = make.contact("wm_wang", followers=(lan,)), make.product(name="台灯")
    now = make.runtime.now()
    seen = {"views": 4, "last_at": now, "last_view_at": now, "on_day": (now - timedelta(days=1)).date()}
    make._save(Behaviour(identity_id=wang.identity_id, shop_id=lamp.shop_id, sku=lamp.sku, **seen))
    path = f"customers/{wang.customer_id}/recommended"

    [shown] = at_the_chat.get(path).json["recommended"]
    page = at_the_chat.get(path, part=True).text
    body = {"occasion": "tap-00000001", "way": "page"}
    sent = at_the_chat.post(f"customers/{wang.customer_id}/products/{lamp.id}", body)

    assert shown["reasons"] == ["本周看过 4 次"]
    assert "本周看过 4 次" in page
    for words in (shown["text"], sent.json["text"], str(sent.json["chat_message"])):
        assert "看过" not in words
        assert "台灯" in words

    hidden = [at_the_chat.post(f"{path}/{lamp.id}/hide", {}).status_code for _ in range(2)]

    assert hidden == [200, 200]
    assert at_the_chat.get(path).json["recommended"] == []
    assert len(make.rows(HiddenProduct)) == 1
    assert [row.action for row in make.rows(Audit)].count("recommendation.hide") == 1
