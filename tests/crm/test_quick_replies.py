"""Quick replies: how their variables are filled, and what cannot be one."""

import pytest

from crm import quick_replies
from crm.errors import BadInput
from crm.quick_replies import Words

TOLD = {"称呼": "小雨", "商品": "", "门店": "成都店"}


@pytest.mark.parametrize(
    ("text", "filled", "missing"),
    [
        ("{称呼}您好，{门店}{门店}", "小雨您好，成都店成都店", ()),
        ("{称呼}的{商品}到了", "小雨的{商品}到了", ("商品",)),
        ("没有变量", "没有变量", ()),
    ],
)
def test_variables_are_filled_and_what_is_not_known_is_said(text, filled, missing):
    assert quick_replies.fill(text, TOLD) == (filled, missing)


def test_a_name_that_looks_like_a_variable_stays_a_name():
    assert quick_replies.fill("{称呼}您好", TOLD | {"称呼": "{门店}"}).text == "{门店}您好"


@pytest.mark.parametrize("words", [Words("售前", " ", "在的"), Words("售前", "问好", "{名字}您好")])
def test_without_a_title_or_with_an_unknown_variable_it_is_none(runtime, words):
    with runtime.transaction() as session, pytest.raises(BadInput):
        quick_replies.add(session, words, owner=None, by="user:1", now=runtime.now())
