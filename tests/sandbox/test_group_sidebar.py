"""The bridge beside a group, and the switch for how the next sending is answered."""

import pytest

from tests.sandbox.test_client import Page

NAMES = ("getCurExternalChat", "getCurExternalContact", "sendChatMessage", "shareToExternalChat")


@pytest.fixture
def group(wecom):
    people = [{"external_userid": wecom.add()["external_userid"]}]
    return wecom.ask("POST", "groups", status=201, name="鲜花群", owner="Lan", members=people)["chat_id"]


@pytest.fixture
def beside(wecom, group):
    """A signed page beside that group."""
    page = Page(wecom, None, entry="group_chat_tools")
    page.chat["chat_id"] = group
    assert page.configure(names=NAMES) == "agentConfig:ok"
    return page


def test_a_page_beside_a_group_learns_the_group_and_speaks_in_it(wecom, beside, group):
    news = {"link": "http://127.0.0.1:8000/d/1", "title": "爆款日"}

    assert beside.call("getContext")["entry"] == "group_chat_tools"
    assert beside.call("getCurExternalChat") == {"err_msg": "getCurExternalChat:ok", "chatId": group}
    assert "without context" in beside.call("getCurExternalContact")["err_msg"]
    assert beside.call("sendChatMessage", msgtype="news", news=news, enterChat=True)["err_msg"] == "sendChatMessage:ok"

    [line] = wecom.ask("GET", f"group-messages?chat_id={group}")["messages"]
    assert (line["userid"], line["kind"], line["source"]) == ("Lan", "news", "sidebar")


def test_a_group_the_member_is_not_in_and_a_customers_chat_are_no_group(wecom, beside, group):
    alone = Page(wecom, wecom.add()["external_userid"], frame="f2")
    alone.configure(names=NAMES)
    assert "without context" in alone.call("getCurExternalChat")["err_msg"]

    beside.chat["userid"] = "zhou"

    assert "without context" in beside.call("getCurExternalChat")["err_msg"]
    assert "without context" in beside.call("sendChatMessage", msgtype="text", text={"content": "x"})["err_msg"]


def test_sharing_goes_to_the_groups_that_were_picked_and_are_theirs(wecom, beside, group):
    link = {"title": "去看看", "url": "http://127.0.0.1:8000/d/1"}
    said = {"text": {"content": "今晚 20:00 开抢"}, "attachments": [{"msgtype": "link", "link": link}]}
    others = wecom.ask("POST", "groups", status=201, name="别人的", owner="zhou", members=[{"userid": "Lan"}])

    answers = [
        beside.call("shareToExternalChat", **said, chatIds=chosen)["err_msg"]
        for chosen in ([], [group], [others["chat_id"]])
    ]

    assert answers == [f"shareToExternalChat:{end}" for end in ("cancel", "ok", "fail_invalid chatIds")]
    assert [line["kind"] for line in wecom.ask("GET", "group-messages")["messages"]] == ["text", "news"]


def test_a_profile_opens_of_colleagues_and_of_own_customers_only(wecom, beside):
    mine, other = wecom.add()["external_userid"], wecom.add("zhou")["external_userid"]
    asked = [(1, "zhou"), (2, mine), (2, other), (3, mine), (2, "")]

    said = [beside.call("openUserProfile", type=kind, userid=userid)["err_msg"] for kind, userid in asked]

    assert said == [
        f"openUserProfile:{end}" for end in ("ok", "ok", "fail_invalid userid", *["fail_invalid parameter"] * 2)
    ]


def test_of_each_api_the_page_is_told_whether_it_may(beside):
    beside.configure(names=["getCurExternalChat"])

    told = beside.call("checkJsApi", jsApiList=["getContext", "getCurExternalChat", "sendChatMessage", "fly"])

    assert told["checkResult"] == {
        "getContext": True,
        "getCurExternalChat": True,
        "sendChatMessage": False,
        "fly": False,
    }


@pytest.mark.parametrize(
    ("switch", "said", "arrived"),
    [
        ("cancelled", {"err_msg": "sendChatMessage:cancel"}, 1),
        ("refused", {"err_msg": "sendChatMessage:fail no permission"}, 1),
        ("slow", {"err_msg": "sendChatMessage:ok", "answer_after_seconds": 15.0}, 2),
        ("never", {"hang": True}, 1),
    ],
)
def test_a_switch_bends_the_next_sending_once_and_leaves_other_faults_alone(wecom, beside, switch, said, arrived):
    wecom.faults({"on": "bridge", "name": "getContext", "hang": True})
    text = {"msgtype": "text", "text": {"content": "x"}}

    wecom.ask("PUT", "client/next-send", answer=switch)
    shown = wecom.ask("GET", "client/next-send")["answer"]
    answers = [beside.call("sendChatMessage", **text) for _ in range(2)]

    assert (shown, wecom.ask("GET", "client/next-send")["answer"]) == (switch, "normal")
    assert answers == [said, {"err_msg": "sendChatMessage:ok"}]
    assert len(wecom.ask("GET", "group-messages")["messages"]) == arrived
    assert beside.call("getContext") == {"hang": True}
