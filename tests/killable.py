"""The app as a process that can be killed: `python -m tests.killable PORT DATABASE_URL MASTER_KEY_FILE SANDBOX_URL`.

Imports everything once, then forks one app for each line on its input and prints that app's process id, so that a new
one is there within moments of the old one's death. Ends, with its app, when its input does.
"""

import contextlib
import os
import random
import signal
import sys

from pydantic import SecretStr

from app import create_app
from clocks import SandboxClock
from config import Database, Security, Server, Settings, WeCom
from jobs.worker import Worker
from runtime import Runtime
from tests.sandboxes import Sandbox
from web import serve_forever


def serve(port: int, database_url: str, key_file: str, sandbox_url: str) -> None:
    known = Sandbox(sandbox_url).credentials
    settings = Settings(
        server=Server(port=port, public_url=f"http://127.0.0.1:{port}"),
        database=Database(url=database_url),
        security=Security(master_key_file=key_file),
        wecom=WeCom(
            corp_id=known["corp_id"],
            agent_id=known["agent_id"],
            secret=SecretStr(known["secret"]),
            callback_token=SecretStr(known["callback_token"]),
            callback_aes_key=SecretStr(known["callback_aes_key"]),
            base_url=sandbox_url,
        ),
    )
    clock = SandboxClock(sandbox_url)
    clock.follow()
    runtime = Runtime(settings, clock=clock, rng=random.Random(7))
    serve_forever(create_app(runtime), settings.server, Worker(runtime))


def main(port: str, *rest: str) -> None:
    child = 0
    for _ in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            os.close(0)
            serve(int(port), *rest)
            os._exit(0)
        print(child, flush=True)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
