"""The first sync of a corp with many follows, against a bare client that fetches the same pages and stores nothing.

The sandbox that plays WeCom is a process of its own and serves both sides; ours also asks for staff, tags and groups,
pays for every commit in full, and can be killed anywhere. Rounds alternate, each of ours on an empty database.
"""

import multiprocessing
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr
from sqlalchemy import event, func, select

from bench import databases
from config import Database, Security, Settings, WeCom
from jobs.sync import sync
from migrations import migrate
from models import Base, Follow
from runtime import Runtime
from sandbox import server

QUICK, FULL = (3, 20_000), (1, 200_000)  # rounds, and follows
MEMBERS = 40
PARTS = 20_000  # follows a load
ADDED_AT = 1_700_000_000


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a database."""
    with corp((FULL if full else QUICK)[1]) as wecom:
        yield from databases.each("first sync", _measuring(wecom), full)


@contextmanager
def corp(follows: int) -> Iterator[dict[str, Any]]:
    """A sandbox in a process of its own with so many follows; the settings that lead there."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        wecom = ours.recv()
        _load(wecom["base_url"], follows)
        yield wecom
    finally:
        process.terminate()
        process.join()


def _measuring(wecom: dict[str, Any]) -> databases.Measure:
    def measure(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
        rounds, follows = FULL if full else QUICK
        found: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
        for number in range(rounds):
            sides = [("bare", _bare), ("ours", _ours)]
            for side, work in sides if number % 2 == 0 else reversed(sides):
                one = _in_a_process(work, wecom, url, folder)
                if one["follows"] != follows:
                    raise RuntimeError(f"{side} saw {one['follows']} of {follows}")
                found[side].append(one)
        pairs = zip(found["ours"], found["bare"], strict=True)

        def middle(side: str, figure: str) -> float:
            return round(statistics.median(each[figure] for each in found[side]), 2)

        return {
            "row": f"first sync, {database}",
            "follows": follows,
            "seconds_over_bare": round(statistics.median(a["seconds"] / b["seconds"] for a, b in pairs), 2),
            "seconds": {side: middle(side, "seconds") for side in found},
            "cpu_seconds": {side: middle(side, "cpu") for side in found},
            "memory_mb": {side: middle(side, "mb") for side in found},
            "statements_a_page": middle("ours", "statements_a_page"),
            "p99_transaction_ms": middle("ours", "p99_ms"),
            "longest_transaction_ms": middle("ours", "longest_ms"),
        }

    return measure


def _serve(pipe: Any) -> None:
    running = server.start(port=0, seed=7, state_path=None)
    known = requests.get(f"{running.url}/sandbox/credentials", timeout=10).json()
    pipe.send({"base_url": running.url} | {name: known[name] for name in ("corp_id", "agent_id", "secret")})
    time.sleep(86_400)


def _load(url: str, follows: int) -> None:
    """Members share the customers evenly; each has a unionid, every third a remark, every fourth a tag."""
    staff = [{"userid": f"s{n}", "name": f"导购{n}"} for n in range(MEMBERS)]
    tags = [{"name": "层级", "tags": ["老客", "新客"]}]
    _post(url, {"departments": [{"id": 1, "name": "小满"}], "staff": staff, "tag_groups": tags})
    for start in range(0, follows, PARTS):
        numbers = range(start, min(start + PARTS, follows))
        named = {n: follow(n)[1] for n in numbers}
        customers = [{"external_userid": name, "name": f"客户{n}", "unionid": f"o{n}"} for n, name in named.items()]
        pairs = [
            {
                "userid": follow(n)[0], "external_userid": name, "createtime": ADDED_AT + n,
                "remark": f"备注{n}" if n % 3 == 0 else "",
                "tags": [{"group": "层级", "name": "老客" if n % 8 else "新客"}] if n % 4 == 0 else [],
            }
            for n, name in named.items()
        ]  # fmt: skip
        _post(url, {"customers": customers, "follows": pairs})


def follow(number: int) -> tuple[str, str]:
    """The member and the customer."""
    return f"s{number % MEMBERS}", f"wm{number:030d}"


def _post(url: str, body: dict[str, Any]) -> None:
    requests.post(f"{url}/sandbox/load", json=body, timeout=600).raise_for_status()


def _in_a_process(work: Any, *arguments: Any) -> Any:
    """Memory of one side is not the other's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _bare(wecom: dict[str, Any], url: str, folder: str) -> dict[str, float]:
    api, http, found = f"{wecom['base_url']}/cgi-bin", requests.Session(), 0
    start, cpu = time.perf_counter(), time.process_time()
    secrets = {"corpid": wecom["corp_id"], "corpsecret": wecom["secret"]}
    token = {"access_token": http.get(f"{api}/gettoken", params=secrets, timeout=10).json()["access_token"]}
    serving = http.get(f"{api}/externalcontact/get_follow_user_list", params=token, timeout=10).json()["follow_user"]
    cursor = ""
    while True:
        body = {"userid_list": serving, "cursor": cursor, "limit": 100}
        answer = http.post(f"{api}/externalcontact/batch/get_by_user", params=token, json=body, timeout=10).json()
        found += len(answer["external_contact_list"])
        cursor = answer["next_cursor"]
        if not cursor:
            break
    return {
        "follows": found,
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "mb": _megabytes(),
    }


def settings(wecom: dict[str, Any], url: str, folder: str) -> Settings:
    return Settings(
        database=Database(url=url),
        security=Security(master_key_file=str(Path(folder) / "master.key")),
        wecom=WeCom(**wecom | {"secret": SecretStr(wecom["secret"])}),
    )


def _ours(wecom: dict[str, Any], url: str, folder: str) -> dict[str, float]:
    runtime, statements, lasted = Runtime(settings(wecom, url, folder)), [0], [0.0]
    Base.metadata.drop_all(runtime.engine)
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    migrate(runtime.engine)

    @event.listens_for(runtime.engine, "before_cursor_execute")
    def count(*_: Any) -> None:
        statements[0] += 1

    @event.listens_for(runtime.engine, "begin")
    def begun(_: Any) -> None:
        began[0] = time.perf_counter()

    @event.listens_for(runtime.engine, "commit")
    def ended(_: Any) -> None:
        lasted.append((time.perf_counter() - began[0]) * 1000)

    began = [0.0]
    start, cpu = time.perf_counter(), time.process_time()
    sync(runtime)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    with runtime.reading() as session:
        found = session.scalar(select(func.count()).select_from(Follow)) or 0
    runtime.close()
    lasted.sort()
    return {
        "follows": found, "seconds": seconds, "cpu": cpu, "mb": _megabytes(),
        "statements_a_page": statements[0] * 100 / found,
        "p99_ms": lasted[int(len(lasted) * 0.99)], "longest_ms": lasted[-1],
    }  # fmt: skip


def _megabytes() -> float:
    """The most this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
