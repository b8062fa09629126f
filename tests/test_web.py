"""The program as waitress serves it."""

import socket
import time

import pytest
import requests

from app import create_app
from runtime import Runtime
from web import serve_in_thread


@pytest.fixture
def served(settings, clock):
    """Serve the app with this `behind_proxy`; its URL."""
    closing = []

    def serve(*, behind_proxy):
        server = settings.server.model_copy(update={"behind_proxy": behind_proxy})
        runtime = Runtime(settings.model_copy(update={"server": server}), clock=clock)
        running = serve_in_thread(create_app(runtime))
        closing.extend([running.close, runtime.close])
        return running.url

    yield serve
    for close in closing:
        close()


def test_behind_a_proxy_the_callers_address_and_scheme_are_those_it_tells(served):
    url = served(behind_proxy=True)
    said = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9", "X-Forwarded-Proto": "https"}

    figures = requests.get(f"{url}/metrics", headers=said, timeout=5)

    assert figures.status_code == 403
    assert "Strict-Transport-Security" in figures.headers


def test_without_a_proxy_nobody_can_say_where_they_come_from(served):
    url = served(behind_proxy=False)

    alone = requests.get(f"{url}/metrics", timeout=5)
    passed_on = requests.get(f"{url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, timeout=5)

    assert alone.status_code == 200
    assert passed_on.status_code == 403  # somebody's proxy stands before us, and all of the world is behind it


def test_a_body_beyond_every_limit_is_not_taken_in(served):
    address = served(behind_proxy=False).removeprefix("http://").split(":")
    started = time.monotonic()

    with socket.create_connection((address[0], int(address[1])), timeout=5) as line:
        line.sendall(b"POST /bot/callback HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n" + b"x" * 100_000)
        status = line.recv(1000).split(b" ")[1]

    assert status == b"413"
    assert time.monotonic() - started < 5


def test_a_body_in_chunks_is_held_to_the_same_limit(served):
    url = served(behind_proxy=False)

    small = requests.post(f"{url}/bot/callback", data=iter([b"junk"]), timeout=5)
    large = requests.post(f"{url}/bot/callback", data=(b"x" * 100_000 for _ in range(100)), timeout=20)

    assert (small.status_code, small.json()["error"]) == (400, "bad_envelope")
    assert (large.status_code, large.json()["error"]) == (413, "too_large")
