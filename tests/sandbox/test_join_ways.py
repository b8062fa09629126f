"""Codes that lead customers into groups."""

from xml.etree import ElementTree

import pytest

PLACE = "externalcontact/groupchat"


@pytest.fixture
def chat_id(wecom):
    return wecom.ask("POST", "groups", status=201, name="鲜花群", owner="Lan")["chat_id"]


def shapes(receiver):
    """What was pushed, as it stood in the envelope."""
    envelopes = [(one.query, ElementTree.fromstring(one.body).findtext("Encrypt")) for one in receiver.pushed]
    return [receiver.verify(query, encrypted) for query, encrypted in envelopes]


def make(wecom, chat_id, **more):
    body = {"scene": 2, "chat_id_list": [chat_id], "state": "door", "room_base_name": "鲜花", "room_base_id": 7}
    return wecom.post(f"{PLACE}/add_join_way", **{**body, **more})


def test_a_join_way_is_made_read_overwritten_and_deleted(wecom, chat_id):
    config = {"config_id": make(wecom, chat_id, remark="字" * 40)["config_id"]}

    way = wecom.post(f"{PLACE}/get_join_way", **config)["join_way"]
    changed = {"scene": 2, "chat_id_list": [chat_id], "auto_create_room": 0}
    assert wecom.post(f"{PLACE}/update_join_way", **config, **changed)["errcode"] == 0
    later = wecom.post(f"{PLACE}/get_join_way", **config)["join_way"]

    assert (way["remark"], way["state"], way["auto_create_room"]) == ("字" * 30, "door", 1)
    assert wecom.http.get(way["qr_code"]).headers["Content-Type"].startswith("image/svg")
    assert (later["remark"], later["state"], later["auto_create_room"]) == ("", "", 0)
    assert wecom.post(f"{PLACE}/del_join_way", **config)["errcode"] == 0
    assert wecom.post(f"{PLACE}/get_join_way", **config)["errcode"] == 41044


def test_a_join_way_that_leads_nowhere_is_refused(wecom, chat_id):
    assert make(wecom, chat_id, chat_id_list=[])["errcode"] == 40050
    assert make(wecom, chat_id, chat_id_list=[chat_id] * 6)["errcode"] == 41091
    assert make(wecom, chat_id, chat_id_list=["wr" + "x" * 30])["errcode"] == 40050
    assert make(wecom, chat_id, scene=3)["errcode"] == 40058


def test_a_scanned_code_leads_into_a_group_with_room_or_a_new_one(wecom, chat_id, receiver):
    make(wecom, chat_id)
    wecom.ask("PUT", "rules", group_size=2, member_list="comma", invited_join_scene=1)
    wecom.ask("PUT", "callback", url=receiver.url)

    first = wecom.ask("POST", "groups/scan", state="door")
    second = wecom.ask("POST", "groups/scan", state="door")
    wecom.ask("POST", f"groups/{chat_id}/join", userid="zhou", join_scene=1)

    assert (first["chat_id"], second["name"]) == (chat_id, "鲜花7")
    shown = wecom.post(f"{PLACE}/get", chat_id=second["chat_id"])["group_chat"]["member_list"][-1]
    assert (shown["userid"], shown["state"], shown["join_scene"]) == (second["external_userid"], "door", 3)
    joined = [one.fields for one in receiver.wait_for(4) if one.fields["ChangeType"] == "update"]
    assert sorted((one["JoinScene"], one["MemChangeList"]) for one in joined) == sorted(
        [("3", first["external_userid"]), ("3", second["external_userid"]), ("1", "zhou")]
    )
    assert all("<Item>" not in shape for shape in shapes(receiver))
    wecom.ask("PUT", "rules", paid_scale=0)
    assert wecom.ask("POST", "groups/scan", status=409, state="door")["error"] == "paid_scale"
