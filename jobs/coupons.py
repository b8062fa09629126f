"""Coupons that expire soon."""

from crm import coupon_reminders
from runtime import Runtime


def remind_coupons(runtime: Runtime) -> int:
    """Record the cards that tell colleagues of coupons about to expire; returns how many coupons they are about."""
    settings, told = runtime.settings, 0
    while True:
        with runtime.transaction() as session:
            some = coupon_reminders.remind(
                session, url=f"{settings.server.public_url}/sidebar/", seal=runtime.vault.seal, zone=runtime.zone,
                now=runtime.now(),
            )  # fmt: skip
        if not some:
            return told
        told += some
        runtime.wake("send_staff_messages")
