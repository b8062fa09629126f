"""A bounded load from a process of its own: a few keep-alive connections, each request written ready-made."""

import multiprocessing
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

CLIENTS = 8


@dataclass(frozen=True)
class Timing:
    """What one run measured; seconds per request, sorted."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def p99(self) -> float:
        return self.latencies[int(len(self.latencies) * 0.99)]


def fire(
    port: int, requests: list[bytes], *, expect: bytes, clients: int = CLIENTS, per_second: float | None = None
) -> Timing:
    """Send every request once over so many connections to loopback, at that rate or else as fast as they are answered.

    Raises when one is answered otherwise.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_fire, args=(theirs, port, requests, expect, clients, per_second))
    process.start()
    answer = ours.recv()
    process.join()
    if isinstance(answer, str):
        raise RuntimeError(answer)
    return Timing(*answer)


def _fire(pipe: Any, port: int, requests: list[bytes], expect: bytes, clients: int, per_second: float | None) -> None:
    latencies: list[float] = []
    problems: list[str] = []

    def client(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            taken = []
            for place in range(number, len(requests), clients):
                if per_second is not None:
                    time.sleep(max(0.0, start + place / per_second - time.perf_counter()))
                sent = time.perf_counter()
                connection.sendall(requests[place])
                answer = _answer(connection)
                taken.append(time.perf_counter() - sent)
                if not answer.startswith(b"HTTP/1.1 200") or not answer.endswith(expect):
                    problems.append(answer[:200].decode("latin-1"))
                    break
            latencies.extend(taken)

    threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    pipe.send(problems[0] if problems else (seconds, sorted(latencies)))


def _answer(connection: socket.socket) -> bytes:
    """One HTTP answer with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part
