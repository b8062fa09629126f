"""Pushes in the system's Chromium: written with files and links, and followed on the report with its chart."""

import os
import re
import struct
import zlib

import pytest
from playwright.sync_api import expect

from app import create_app
from models import MassMessage, MassRecipient, MassTask, MassTaskMember, Push
from runtime import ROOT
from tests.apps import until
from tests.console.test_pages import CONTRAST, SMALL_TARGETS, served, signed_in
from tests.masses import Masses

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
FOLDER = os.environ.get("SCREENSHOTS")
TEXT = "宝宝的湿巾是不是快用完啦？我是{店名}的{同事}，老朋友专享满 99 减 15，今天下单明天到。"
# How the 250 people of each colleague stand, the task's state, and whether it is settled.
COLLEAGUES = [
    ("林晓雯", {"sent": 30, "quota": 1, "not_friend": 2}, "created", True),
    ("周婷", {"sent": 21, "created": 4}, "created", False),
    ("陈嘉怡", {"created": 12}, "created", False),
    ("王思远", {"unknown": 6}, "unknown", False),
    ("李想", {"unreachable": 3}, "failed", True),
]


def keep(page, name):
    if FOLDER:
        page.wait_for_timeout(400)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


def png(width=96, height=96, colour=b"\x8f\xd1\xb0"):
    """A real picture of one colour."""
    rows = zlib.compress((b"\0" + colour * width) * height)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.fixture
def address(runtime, make):
    """Pushes in every state, one of them half sent by five colleagues; `lan` is the owner."""
    owner, now = make.user("lan", name="周岚"), runtime.now()
    mothers = make.audience(name="宝妈回购提醒", conditions={"orders": {"least": 1}}, changed_by=f"user:{owner.id}")
    make.audience(name="老客")
    push = make.push(mothers, name="湿巾回购提醒", text=TEXT, state="ended", attachments=[
        {"kind": "link", "title": "满 99 减 15", "desc": "湿巾回购券", "url": "https://shop.example/c", "picurl": ""},
    ])  # fmt: skip
    make.push(
        mothers, name="周五花市", text="今晚 20:00 开抢", state="scheduled", weekday=5, at_time="20:00", next_at=now
    )
    make.push(mothers, name="<b>写到一半</b>", text="")
    message = make._save(
        MassMessage(
            chat_type="single", push_id=push.id, slot=now, month="2026-11", text=TEXT, attachments=push.attachments,
            conditions={}, sentence="买过 1 次以上，由“林晓雯”、“周婷”跟进", state="waiting", matched=90, planned=79,
            created_at=now, planned_at=now, next_look_at=now,
        )
    )  # fmt: skip
    for number, (name, states, state, is_settled) in enumerate(COLLEAGUES):
        staff = make.staff(f"s{number}", name=name)
        task = make._save(
            MassTask(
                message_id=message.id, staff_id=staff.id, number=1, userid=staff.userid, size=sum(states.values()),
                text=TEXT.replace("{同事}", name).replace("{店名}", "我的小店"), state=state, tried_at=now, made_at=now,
                settled_at=now if is_settled else None, msgid=f"msg{number}" if state == "created" else None,
                reminded=3 if name == "陈嘉怡" else 0, reminded_at=now,
                reason="没有回音，企业微信里也没查到" if state == "unknown" else "",
            )
        )  # fmt: skip
        if name == "周婷":
            make._save(MassTaskMember(task_id=task.id, userid="s0", status=0))
        for place, kind in enumerate(kind for kind, many in states.items() for _ in range(many)):
            contact = make.contact(f"wm{number}-{place:03d}", name=f"阳光暖暖 {place}")
            make._save(
                MassRecipient(
                    message_id=message.id, task_id=task.id, target=contact.external_userid, contact_id=contact.id,
                    state=kind, sent_at=now if kind == "sent" else None,
                )
            )  # fmt: skip
    for number in range(11):
        make._save(
            MassRecipient(message_id=message.id, target=f"wmx{number}", state="quota" if number < 7 else "unreachable")
        )
    with served(create_app(runtime)) as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pushes_and_reports_fit_and_can_be_read(chromium, address, width, scheme):
    with signed_in(chromium, address, width=width, scheme=scheme) as page:
        for name in (
            "pushes",
            "pushes/1",
            "pushes/2",
            "messages/1",
            "messages/1?ask=cancel",
            "messages/1/people?state=sent",
            "outbound",
            "",
        ):
            page.goto(f"{address}/console/{name}")
            keep(page, f"{name.replace('/', '-').replace('?', '-')}-{width}-{scheme}")
            assert (name, page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")) == (name, 0)
            assert (name, page.evaluate(CONTRAST)) == (name, [])
            if width == 360:
                assert (name, page.evaluate(SMALL_TARGETS)) == (name, [])


@pytest.mark.parametrize("width", [360, 1280])
def test_a_push_is_written_with_a_picture_and_a_link_and_scheduled(chromium, address, make, width):
    with signed_in(chromium, address, width=width) as page:
        page.goto(f"{address}/console/pushes/new")
        page.get_by_label("名字", exact=True).fill("周五花市预热")
        page.get_by_label("发给谁").select_option("老客")
        expect(page.locator("#reach")).to_contain_text("人，符合条件的有")
        page.get_by_label("说什么").fill("您好，我是")
        page.get_by_role("button", name="同事的名字").click()
        expect(page.locator("#preview")).to_contain_text("您好，我是林晓雯")  # who sends to most of them
        expect(page.locator(".count")).to_contain_text("24 / 4,000 字节")  # 15 and the longest name, three letters
        page.locator("[data-upload=image]").set_input_files(
            {"name": "花.png", "mimeType": "image/png", "buffer": png()}
        )
        expect(page.locator("#atts li")).to_contain_text("花.png")
        expect(page.locator("#atts .size")).to_have_text("1 KB")
        page.get_by_role("button", name="链接").click()
        title = page.locator("#atts").get_by_label("标题")
        assert title.evaluate("(field) => field.offsetWidth") > 200  # room to type on a phone, too
        title.fill("周末鲜花")
        page.locator("#atts").get_by_label("网址", exact=True).fill("https://shop.example/d")
        page.get_by_role("button", name="往前排").last.click()
        expect(page.locator("#preview .piece").first).to_contain_text("周末鲜花")
        page.get_by_label("星期几").select_option("5")
        page.get_by_label("每周的时间").fill("19:00")
        keep(page, f"written-{width}")
        page.get_by_role("button", name="安排发送").click()

        expect(page.locator("p[role=status]")).to_contain_text("安排好了")
        kept = make.rows(Push)[-1]
        assert (kept.weekday, kept.at_time, kept.state) == (5, "19:00", "scheduled")
        assert [each["kind"] for each in kept.attachments] == ["link", "image"]
        expect(page.locator("#atts img")).to_have_js_property("naturalWidth", 96)


def test_the_chart_is_drawn_in_the_pages_colours_and_told_in_words(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.goto(f"{address}/console/messages/1")

        chart = page.locator(".chart")
        expect(chart.locator("svg")).to_be_visible()
        expect(chart).to_contain_text("已发送")
        expect(chart).to_have_attribute("aria-label", re.compile("已发送 51 人"))
        assert page.locator('.chart path[fill="#067F3E"]').count() > 0
        page.get_by_text("看表格").click()
        expect(page.locator("details.table tr").nth(3)).to_contain_text("16 人")
        page.emulate_media(color_scheme="dark")
        expect(page.locator('.chart path[fill="#3DD586"]').first).to_be_visible()


def test_the_report_moves_by_itself_until_it_is_settled(chromium, address, make, runtime):
    with signed_in(chromium, address, width=1280) as page:
        with runtime.transaction() as session:
            session.get(MassMessage, 1).state = "sending"
        page.goto(f"{address}/console/messages/1")
        with runtime.transaction() as session:
            for row in session.query(MassRecipient).filter_by(state="created"):
                row.state = "sent"
        expect(page.locator(".chart")).to_have_attribute("aria-label", re.compile("已发送 67 人"))
        with runtime.transaction() as session:
            message = session.get(MassMessage, 1)
            message.state, message.settled_at = "done", runtime.now()

        expect(page.locator("#state")).to_have_text("结束了")
        assert page.locator("[hx-trigger^=every]").count() == 0


def test_a_push_goes_from_the_editor_to_the_customer(chromium, running_app, runtime, make, sandbox, clock):
    masses = Masses(runtime, make, sandbox)
    masses.shop(lan=3, mei=2)
    make.user("lan", name="周岚")
    make.audience(name="所有人")
    make.gate("live")
    with signed_in(chromium, running_app.url, width=1280) as page:
        page.goto(f"{running_app.url}/console/pushes/new")
        page.get_by_label("名字", exact=True).fill("周末花市")
        page.get_by_label("发给谁").select_option("所有人")
        page.get_by_label("说什么").fill("周五 20:00 开抢，我是{同事}")
        page.get_by_label("马上").check()
        page.get_by_role("button", name="安排发送").click()
        expect(page.locator("p[role=status]")).to_contain_text("安排好了")
        until(lambda: len(masses.at_wecom()) == 2, seconds=20)
        page.reload()
        page.locator("table.sent a").first.click()
        expect(page.locator(".chart")).to_have_attribute("aria-label", re.compile("待员工发送 5 人"), timeout=15000)
        clock.tick(minutes=5)
        masses.confirm("lan")
        page.get_by_role("button", name="提醒导购mei点发送").click()
        expect(page.get_by_text("提醒过 1 次")).to_be_visible(timeout=20000)
        clock.tick(minutes=10)

        expect(page.locator(".chart")).to_have_attribute("aria-label", re.compile("已发送 3 人"), timeout=30000)
        keep(page, "journey-1280")
        page.get_by_role("link", name="取消…").click()
        page.get_by_role("button", name="取消这次群发").click()
        expect(page.locator("#state")).to_have_text("取消了")
        until(lambda: all(row.settled_at for row in make.rows(MassTask)), seconds=20)
        page.reload()
        expect(page.locator(".chart")).to_have_attribute("aria-label", re.compile("已发送 3 人.*取消了 2 人"))
