"""What may be attached: WeCom's limits, in bytes."""

import pytest

from crm import attachments
from crm.errors import BadInput
from models import Media

LINK = {"kind": "link", "title": "秋季上新", "url": "https://example.com/a"}


@pytest.fixture
def media(runtime):
    """The row id of a stored original of a kind."""

    def store(kind):
        row = Media(
            digest=kind, kind=kind, name="a", mime="x/y", size=9, content=b"x", created_at=runtime.now(), created_by=""
        )
        with runtime.transaction() as session:
            session.add(row)
        return row.id

    return store


@pytest.fixture
def check(runtime):
    def ask(*attached, text="看看"):
        with runtime.reading() as session:
            attachments.check(session, text, list(attached))

    return ask


def test_every_kind_within_its_limits_is_taken(check, media):
    picture, video, file = media("image"), media("video"), media("file")
    app = {"kind": "miniprogram", "title": "字" * 21, "appid": "wx1", "page": "a.html", "media": picture}

    check(
        {"kind": "image", "media": picture},
        {"kind": "video", "media": video},
        {"kind": "file", "media": file},
        LINK | {"title": "字" * 42, "desc": "字" * 170, "picurl": "https://example.com/a.png"},
        LINK | {"url": "Https://Example.com/a", "picurl": "HTTP://example.com/a.png"},
        app,
        text="",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        LINK | {"title": "字" * 43},
        LINK | {"desc": "字" * 171},
        LINK | {"title": ""},
        LINK | {"url": "javascript:alert(1)"},
        LINK | {"more": "x"},
        {"kind": "image", "media": 99},
        {"kind": "image"},
        {"kind": "voice", "media": 1},
        {"kind": "miniprogram", "title": "字" * 22, "appid": "wx1", "page": "a", "media": 1},
        {"title": "没有种类"},
    ],
)
def test_what_wecom_would_refuse_is_refused_and_numbered(check, media, wrong):
    media("image")

    with pytest.raises(BadInput, match="第 2 个附件") as refusal:
        check(LINK, wrong)
    assert refusal.value.field == "attachments"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({**LINK, "title": ""}, "还没写标题"),
        ({**LINK, "url": "shop"}, "网址要以 https:// 开头"),
        ({"kind": "miniprogram", "title": "店", "appid": "", "page": "a", "media": 1}, "AppID"),
        ({"kind": "voice"}, "去掉再加一次"),
    ],
)
def test_a_refusal_says_in_words_what_is_missing(check, wrong, said):
    with pytest.raises(BadInput, match=said):
        check(wrong)


def test_a_video_is_no_picture(check, media):
    with pytest.raises(BadInput, match="重新传"):
        check({"kind": "image", "media": media("video")})


def test_nine_are_the_most_and_nothing_at_all_too_little(check):
    check(*[LINK] * 9)
    with pytest.raises(BadInput, match="10"):
        check(*[LINK] * 10)
    with pytest.raises(BadInput, match="至少要有一样"):
        check(text=" \n")
