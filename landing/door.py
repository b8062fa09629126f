"""The customers' door: where a page is opened, and who the browser's own session says the visitor is."""

from dataclasses import asdict, dataclass
from typing import Literal

from flask import Blueprint, current_app, request, session

from callers import declare
from crm.identities import Key
from runtime import runtime

blueprint = Blueprint("landing", __name__)
customer = declare("customer")
Place = Literal["wechat", "wecom", "elsewhere"]
LASTS = 1800  # seconds a visitor is believed to be the one who was asked: a phone changes hands, WeChat its account
SETTLED = 600  # seconds in which a contact is not asked again with every page


@dataclass(frozen=True)
class Visitor:
    """Who opened the page, as WeCom's and the official account's sign-in told; all empty for a member of staff."""

    openid: str = ""  # the corp's own
    external_userid: str = ""
    official_openid: str = ""
    unionid: str = ""

    @property
    def key(self) -> Key | None:
        """The identity that what they do comes by: the best that is known."""
        if self.external_userid:
            return Key("external_userid", "", self.external_userid)
        if self.openid:
            return Key("wecom_openid", "", self.openid)
        if self.unionid:
            return Key("unionid", "", self.unionid)
        app_id = runtime().settings.official_account.app_id
        return Key("openid", app_id, self.official_openid) if self.official_openid else None


@blueprint.before_request
def show_nothing_to_a_head() -> str | None:
    """Pages record who saw them; a HEAD is a program's look, and shows nothing to anybody."""
    return "" if request.method == "HEAD" else None


def place() -> Place:
    """In WeChat the customer opens it, in WeCom a member of staff; the demo's one browser plays a customer's WeChat."""
    agent = request.user_agent.string.lower()
    if "wxwork" in agent:
        return "wecom"
    return "wechat" if "micromessenger" in agent or current_app.config["BRIDGE_ORIGIN"] else "elsewhere"


def visitor(*, within_seconds: int = LASTS) -> Visitor | None:
    """The visitor of this browser, as long as they were asked lately."""
    kept, at = session.get("visitor"), session.get("at")
    if place() != "wechat" or not isinstance(kept, dict) or not isinstance(at, int | float):
        return None
    if not 0 <= runtime().now().timestamp() - at < within_seconds:
        return None
    return Visitor(**kept)


def remember(found: Visitor) -> None:
    session.permanent = True
    session.update(visitor=asdict(found), at=runtime().now().timestamp())


def count(page: str, outcome: str) -> None:
    runtime().metrics.landings.labels(page, outcome).inc()
