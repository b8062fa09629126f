"""English: everything said in Chinese has it, and says the same things."""

import re

import translations
from tests.console.conftest import browser, signed_in, text_of

__all__ = ["browser", "signed_in"]

PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")
PAGES = (
    "/console/", "/console/inbox", "/console/inbox/1", "/console/inbox/2", "/console/outbound?open=1",
    "/console/coupons?new=1", "/console/audit", "/console/users", "/console/account",
)  # fmt: skip


def test_every_word_on_a_screen_is_translated():
    """`python -m translations` adds what is new to the catalog; then it wants its words."""
    [(_, catalog)] = translations.catalogs()

    assert translations.untranslated(catalog) == []
    wrong = [
        message.id
        for message in catalog
        if message.id and sorted(PLACES.findall(str(message.id))) != sorted(PLACES.findall(str(message.string)))
    ]
    assert wrong == []


def test_a_word_without_a_translation_is_found():
    [(_, catalog)] = translations.catalogs()
    catalog.delete("收件箱")

    assert translations.untranslated(catalog) == ["收件箱"]


def test_a_reader_of_english_sees_no_chinese(signed_in, make, settings):
    make.notice(state="failed", tries=8, errcode=-1)
    make.notice("something.new", state="unknown")
    make.touch("unknown", kind="coupon")
    make.coupon_batch(name="Welcome back")
    here = signed_in(language="en", name="Lan")
    here.get("/console/nowhere/1")

    for path in PAGES:
        answer = here.get(path)
        words = text_of(answer).replace(settings.business.name, "").replace("中文", "")
        chinese = re.findall(r"[\u3000-\u9fff]+", words)
        assert (path, answer.status_code, chinese) == (path, 200, [])


def test_a_refusal_speaks_the_readers_language(signed_in):
    here = signed_in("operator", language="en")

    assert "Your role cannot see this page" in text_of(here.get("/console/users"))
    assert '<html lang="en">' in here.get("/console/users").get_data(as_text=True)
