"""One's own days with customers, and nobody else's."""

from datetime import timedelta

from models import StaffDay

SOME = {"chats": 3, "messages": 9, "applied": 0, "gained": 1, "lost": 0, "reply_percent": 67, "first_reply_minutes": 4}


def test_ones_own_days_of_a_month_show(make, at_the_chat, lan):
    today, mei = make.runtime.now().date(), make.staff("mei")
    for staff, ago in ((lan, 1), (lan, 2), (lan, 40), (mei, 1)):
        make._save(StaffDay(staff_id=staff.id, on_day=today - timedelta(days=ago), **SOME))

    days = at_the_chat.get("my-days").json["days"]

    assert [day["on"] for day in days] == [(today - timedelta(days=ago)).isoformat() for ago in (1, 2)]
    assert days[0]["first_reply_minutes"] == 4
