"""What a person sees of the sandbox: a chat client, the walk-through, "who are you", and the client's bridge.

The pages know nothing by themselves: all they show and do goes through the calls of `docs/sandbox.md`.
"""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import avatars

blueprint = Blueprint(
    "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/sandbox/static"
)

# Frames may come from any port: the sidebar's address is the registered client's.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; connect-src 'self'; "
    "frame-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


STEPS = (
    ("新客户扫码，加上同事", "扫包裹卡上的码。人是新加的，东西早就买过"),
    ("几秒内收到欢迎语", "应用收到通知，自动打招呼"),
    ("打开聊天，旁边就是订单", "花了多少、多久没来、还有谁在跟进"),
    ("点一下，发一张券", "券直接出现在聊天里"),
)
MORE_STEPS = (
    ("圈出该提醒的人", "按标签、消费、多久没来挑，边挑边看能发给多少人"),
    ("排一次群发", "话写好，任务分到每位同事手里"),
    ("同事在群发助手点「发送」", "企业微信不让系统自己发，要同事点一下"),
    ("客户收到，每人一条", "从客户的手机上看，和报告对得上"),
    ("爆款日：到周五 19:55", "固定时间、固定动作，群里的人学会等"),
    ("群主确认", "没确认的，应用会发卡片提醒"),
    ("群里收到", "预热、开抢，一个群只收一次"),
    ("看战报", "谁确认了、哪些群收到了。周六早上还有一条战报等群主点"),
)
# id, title, how many steps came before
HALVES = (("steps", "认出老客户", 0, STEPS), ("more", "把老客户带回来", len(STEPS), MORE_STEPS))


@blueprint.get("/")
def chat() -> AnyResponse:
    return _page("chat.html", member=request.cookies.get("sandbox_member", ""))


@blueprint.get("/customer")
def customer() -> AnyResponse:
    return _page("customer.html")


@blueprint.get("/start")
def start() -> AnyResponse:
    return _page("start.html", halves=HALVES)


@blueprint.get("/sandbox/avatars/<name>.svg")
def avatar(name: str) -> AnyResponse:
    answer = Response(avatars.svg(name), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # the sidebar shows it too
    return answer


@blueprint.get("/sandbox/bridge.js")
def bridge() -> AnyResponse:
    """Not cached: it belongs to the sandbox that serves it, and another may soon listen on the port."""
    answer = make_response(blueprint.send_static_file("bridge.js"))
    answer.headers["Content-Type"] = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@blueprint.after_request
def protect(answer: AnyResponse) -> AnyResponse:
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    return answer


def _page(template: str, **context: Any) -> AnyResponse:
    host, _, port = request.host.partition(":")
    if host == "localhost":  # the sidebar's cookies live on 127.0.0.1; another name is another site
        return redirect(f"http://127.0.0.1:{port or 80}{request.full_path.rstrip('?')}")
    answer = make_response(render_template(template, **context))
    answer.headers["Cache-Control"] = "no-store"
    return answer
