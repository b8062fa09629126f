"""Whole `serve` and `work` processes on the sandbox's clock, as an installation on several machines has them.

`python -m tests.processes SANDBOX_URL WITNESS HURRY` imports everything once, then forks a process for each line on its
input, `{"words": [...], "environ": {...}}`, and prints its id. All end when the input does. Each run of a timed job
leaves a line in the file WITNESS, which knows nothing of our tables. The lanes sleep HURRY times shorter than usual.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

import commands
from app import create_app
from clocks import SandboxClock
from config import Settings
from jobs import worker
from jobs.alarm import Rates
from jobs.schedule import TIMED, Job
from runtime import Runtime
from tests.apps import until

ROOT = Path(__file__).resolve().parents[1]
RATES = Rates(tick_seconds=0.1, beat_seconds=1.0, dead_seconds=5.0)


class Processes:
    """Starts and kills them; all read the same settings."""

    def __init__(self, settings: Settings, sandbox_url: str, witness: Path, *, hurry: int = 1) -> None:
        self._environ = _environ(settings)
        self.witness = witness
        self._forks: Any = subprocess.Popen(
            [sys.executable, "-m", "tests.processes", sandbox_url, str(witness), str(hurry)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        )  # fmt: skip

    def use(self, settings: Settings) -> None:
        """Those that are started from now on read these."""
        self._environ = _environ(settings)

    def work(self) -> int:
        """A worker; its process id."""
        return self._start(["work"], {})

    def serve_web(self, port: int) -> str:
        """A web process that answers; its address."""
        self._start(["serve", "--web-only"], {"HUITOU_SERVER__PORT": str(port)})
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), seconds=40)
        return url

    def serve(self, port: int) -> str:
        """Everything in one process; its address."""
        self._start(["serve"], {"HUITOU_SERVER__PORT": str(port)})
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), seconds=40)
        return url

    def import_orders(self, file: Path, report: Path) -> int:
        """Take an export in; the report is there when that is done."""
        return self._start(["import-orders", "--report", str(report), str(file)], {})

    def kill(self, process_id: int) -> None:
        os.kill(process_id, signal.SIGKILL)

    def ran(self) -> list[str]:
        """The timed jobs that were run, by the witness."""
        return self.witness.read_text().split() if self.witness.exists() else []

    def close(self) -> None:
        self._forks.stdin.close()
        self._forks.wait(20)

    def _start(self, words: list[str], environ: dict[str, str]) -> int:
        self._forks.stdin.write(json.dumps({"words": words, "environ": self._environ | environ}) + "\n")
        self._forks.stdin.flush()
        return int(self._forks.stdout.readline())


@contextmanager
def processes(settings: Settings, sandbox_url: str, witness: Path, *, hurry: int = 1) -> Iterator[Processes]:
    started = Processes(settings, sandbox_url, witness, hurry=hurry)
    try:
        yield started
    finally:
        started.close()


def _environ(settings: Settings) -> dict[str, str]:
    wecom = settings.wecom
    return {
        "HUITOU_DATABASE__URL": settings.database.url,
        "HUITOU_SECURITY__MASTER_KEY_FILE": settings.security.master_key_file,
        "HUITOU_WECOM__CORP_ID": wecom.corp_id,
        "HUITOU_WECOM__AGENT_ID": str(wecom.agent_id),
        "HUITOU_WECOM__SECRET": wecom.secret.get_secret_value(),
        "HUITOU_WECOM__CALLBACK_TOKEN": wecom.callback_token.get_secret_value(),
        "HUITOU_WECOM__CALLBACK_AES_KEY": wecom.callback_aes_key.get_secret_value(),
        "HUITOU_WECOM__BASE_URL": wecom.base_url,
    }


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=1).ok
    return False


def _witnessed(name: str, job: Job, witness: str) -> Job:
    def run(runtime: Runtime) -> int:
        with open(witness, "a") as file:
            file.write(f"{name}\n")
        return job(runtime)

    return run


def _run(words: list[str], environ: dict[str, str], sandbox_url: str, witness: str, hurry: int) -> None:
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(silence, stream)
    os.environ.update(environ)
    TIMED.update({name: (_witnessed(name, job, witness), plan) for name, (job, plan) in TIMED.items()})
    worker.LANES = tuple(replace(lane, every_seconds=lane.every_seconds / hurry) for lane in worker.LANES)  # type: ignore[assignment]
    clock = SandboxClock(sandbox_url)
    clock.follow(0.1 / hurry)
    commands.main(create_app, ["--config", os.devnull, *words], clock=clock, rates=RATES)


def main(*outside: str) -> None:
    children = []
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(**json.loads(line), sandbox_url=outside[0], witness=outside[1], hurry=int(outside[2]))
            os._exit(0)
        children.append(child)
        print(child, flush=True)
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
