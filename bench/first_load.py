"""The page beside a chat on a slow phone, against a static page of the same bytes, turn by turn in one browser.

3 Mbit/s, 100 ms for each answer, a quarter of a processor. `static` is the same page with the card in its place: the
same style sheets, the same scripts read and run, only that nothing is begun, so nobody is asked who is in the chat.
It is all there when it is `loaded`; its orders are seen before that, with its first paint.
"""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Response
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, ViewportSize
from waitress.server import create_server

from app import create_app
from bench import regulars
from bench.served import served
from bench.shops import runtime_of
from bench.sidebar import cookie_of, signed_in_client
from callers import anyone
from config import Server, WeCom
from pages import asset
from runtime import TokenTable
from tests.browsers import browser, chromium_path
from wecom.tokens import StoredToken

ROUNDS, CUSTOMERS = 9, 1_000  # the first round only warms
SLOW = {"offline": False, "latency": 100, "downloadThroughput": 3e6 / 8, "uploadThroughput": 3e6 / 8}
PHONE: ViewportSize = {"width": 375, "height": 740}
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 wxwork/4.1.36 MicroMessenger/7.0.1"
CLIENT = """
const answers = { getContext: { entry: "single_chat_tools" }, getCurExternalContact: { userId: "wm7" } };
window.WeixinJSBridge = {
  on() {},
  invoke(name, given, done) { setTimeout(() => done({ err_msg: name + ":ok", ...answers[name] }), 0); },
};
new MutationObserver((_, observer) => {
  if (!document.querySelector("#card .rows li")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.ordersAt = performance.now(); }, 0));
}).observe(document, { childList: true, subtree: true });
new PerformanceObserver((seen) => {
  for (const one of seen.getEntriesByName("first-contentful-paint"))
    document.documentElement.dataset.paintedAt = one.startTime;
}).observe({ type: "paint", buffered: true });
"""
SEEN = "html[data-orders-at][data-painted-at]"
TIMES = """() => ({
  painted: Number(document.documentElement.dataset.paintedAt),
  orders: Number(document.documentElement.dataset.ordersAt),
  loaded: performance.getEntriesByType("navigation")[0].loadEventEnd,
})"""


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """How much comes, and how soon it is seen; the same at both scales."""
    path = chromium_path()
    if path is None:
        yield {"row": "sidebar's first load", "missing": "Chromium"}
        return
    with tempfile.TemporaryDirectory() as folder, served(_serve, f"sqlite:///{folder}/b.db", folder) as served_at:
        address, cookie = served_at
        with browser(path) as chromium:
            yield _bytes(chromium, address, cookie)
            yield _times(chromium, address, cookie)


def _bytes(chromium: Browser, address: str, cookie: str) -> dict[str, Any]:
    """Bodies as they came, gzipped: the first time, and once the browser has the files."""
    with _opened(chromium, address, cookie) as page:
        first = _weighed(page, f"{address}/sidebar/")
        warm = _weighed(page, f"{address}/sidebar/")
    return {
        "row": "sidebar's first load",
        "first_kb": round(first[0] / 1000, 1),
        "first_requests": first[1],
        "warm_kb": round(warm[0] / 1000, 1),
        "warm_requests": warm[1],
        "goal": "first ≤ 60 KB gzip in ≤ 10 requests, warm ≤ 12 KB",
    }


def _weighed(page: Page, address: str) -> tuple[int, int]:
    """Open it until the orders are there: the bytes of the bodies that came over the network, and how many."""
    session, heads, bodies = page.context.new_cdp_session(page), dict[str, int](), dict[str, int]()
    kept = set[str]()

    def received(event: dict[str, Any]) -> None:
        if not event["response"].get("fromDiskCache") and event["requestId"] not in kept:
            heads[event["requestId"]] = event["response"]["encodedDataLength"]

    def had(event: dict[str, Any]) -> None:
        kept.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        bodies[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.responseReceived", received)
    session.on("Network.loadingFinished", finished)
    session.on("Network.requestServedFromCache", had)
    session.send("Network.enable")
    page.goto(address)
    page.wait_for_selector(SEEN, state="attached")
    page.wait_for_load_state("networkidle")
    session.detach()
    return sum(bodies[each] - head for each, head in heads.items()), len(heads)


def _times(chromium: Browser, address: str, cookie: str) -> dict[str, Any]:
    """Medians of pairs: ours, then the static one, each in a browser that has seen nothing yet."""
    pairs = [
        (_timed(chromium, address, cookie, "sidebar/"), _timed(chromium, address, cookie, "sidebar/bench/static"))
        for _ in range(ROUNDS)
    ][1:]

    def over(name: str, other: str) -> float:
        return round(statistics.median(ours[name] / static[other] for ours, static in pairs), 2)

    return {
        "row": "sidebar on a slow phone",
        "painted_over_static": over("painted", "painted"),
        "orders_over_static": over("orders", "orders"),
        "orders_over_static_loaded": over("orders", "loaded"),
        "goal": "first contentful paint and orders ≤ 1.3 × the static page's",
        "milliseconds": {
            f"{side}_{name}": round(statistics.median(pair[which][name] for pair in pairs))
            for which, side in enumerate(("ours", "static"))
            for name in ("painted", "orders", "loaded")
        },
    }


def _timed(chromium: Browser, address: str, cookie: str, path: str) -> dict[str, float]:
    with _opened(chromium, address, cookie) as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(f"{address}/{path}", wait_until="load", timeout=60_000)
        page.wait_for_selector(SEEN, state="attached")
        found: dict[str, float] = page.evaluate(TIMES)
    return found


@contextmanager
def _opened(chromium: Browser, address: str, cookie: str) -> Iterator[Page]:
    """A phone's window in a client of WeCom, signed in, with an empty cache."""
    context = chromium.new_context(viewport=PHONE, user_agent=AGENT, has_touch=True)
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"{address}/sidebar"}])
    context.add_init_script(CLIENT)
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def _serve(pipe: Any, url: str, folder: str) -> None:
    runtime = runtime_of(url, folder)
    regulars.fill(url, CUSTOMERS)
    for kind in ("jsapi", "agent_jsapi"):
        until = runtime.now() + timedelta(hours=1)
        TokenTable(runtime).put(f"wecom::0:{kind}", StoredToken("ticket", until))
    app, static, script = create_app(runtime), list[str](), list[str]()
    app.add_url_rule("/sidebar/bench/static", "bench.static", anyone(lambda: static[0]))
    as_script = anyone(lambda: Response(script[0], mimetype="text/javascript"))
    app.add_url_rule("/sidebar/bench/script", "bench.script", as_script)
    server = create_server(app, host="127.0.0.1", port=0, threads=16)
    address = f"http://127.0.0.1:{server.effective_port}"
    facts = {"server": Server(public_url=address), "wecom": WeCom(corp_id="wwbench", agent_id=1)}
    runtime.settings = runtime.settings.model_copy(update=facts)
    client = signed_in_client(app, runtime)
    static.append(_static(client, script))
    pipe.send((address, cookie_of(client)))
    server.run()


def _static(client: FlaskClient, begun: list[str]) -> str:
    """The page with the card in it; its scripts are read and run as ours are, but for the last line, which begins."""
    shell = client.get("/sidebar/").text
    card = client.get("/sidebar/contacts/wm7", headers={"HX-Request": "true"}).text
    begun.append(client.get(asset("sidebar.js")).text.replace("side.start();", ""))
    shell = shell.replace(asset("sidebar.js"), "/sidebar/bench/script")
    shell = shell.replace("</head>", f'<script defer src="{asset("htmx.js")}"></script></head>')
    begin, end = shell.index(">", shell.index('<main id="card"')) + 1, shell.index("</main>")
    return shell[:begin] + card + shell[end:]
