"""Is this installation able to work? Each check answers in words, and says what to fix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from crm import workers
from migrations import current, newest
from runtime import Runtime, utc_now
from wecom.callbacks import CallbackCrypto
from wecom.errors import WeComError
from wecom.tokens import StoredToken

CLOCK_SECONDS = 30  # signed orders allow 300, a welcome 20


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is right, and what is so or what to do."""

    name: str
    is_right: bool
    words: str


def examine(runtime: Runtime) -> Iterator[Finding]:
    """Every check in turn, each after the other has answered; none changes anything outside."""
    checks: tuple[tuple[str, Callable[[Runtime], str]], ...] = (
        ("数据库 database", _database),
        ("企业微信设置 wecom", _settings),
        ("凭证 token", _token),
        ("回调密钥 callback keys", _callback_keys),
        ("域名 domain", _domain),
        ("时钟 clock", _clock),
        ("后台 worker", _worker),
    )
    for name, check in checks:
        try:
            yield Finding(name, True, check(runtime))
        except Wrong as wrong:
            yield Finding(name, False, str(wrong))


class Wrong(Exception):
    """What is wrong, and what to do about it."""


def _database(runtime: Runtime) -> str:
    try:
        found = current(runtime.engine)
    except SQLAlchemyError as problem:
        raise Wrong(f"连不上（{type(problem).__name__}）。看看 database.url") from None
    if found != newest():
        raise Wrong(f"表还是 {found or '空的'}，应为 {newest()}。运行 python app.py migrate")
    return f"{runtime.engine.dialect.name}，{found}"


def _settings(runtime: Runtime) -> str:
    unset = missing(runtime.settings)
    if unset:
        raise Wrong(f"还没填：{'、'.join(unset)}。填在 config.toml 里")
    return runtime.settings.wecom.corp_id


def missing(settings: Settings) -> list[str]:
    """The settings without which WeCom cannot be reached or cannot reach us."""
    return [name for name, value in _needed(settings) if not value]


def _needed(settings: Settings) -> list[tuple[str, object]]:
    wecom = settings.wecom
    return [
        ("wecom.corp_id", wecom.corp_id),
        ("wecom.agent_id", wecom.agent_id),
        ("wecom.secret", wecom.secret.get_secret_value()),
        ("wecom.callback_token", wecom.callback_token.get_secret_value()),
        ("wecom.callback_aes_key", wecom.callback_aes_key.get_secret_value()),
    ]


class NewTokens:
    """Remembers nothing from before: a token on record would hide that the secret is wrong by now."""

    def __init__(self) -> None:
        self._kept: dict[str, StoredToken] = {}

    def get(self, name: str) -> StoredToken | None:
        return self._kept.get(name)

    def lease(self, name: str, *, seconds: float, unless_newer_than: str | None) -> bool:
        return True

    def put(self, name: str, token: StoredToken) -> None:
        self._kept[name] = token

    def give_up(self, name: str) -> None:
        return


TOKEN_ADVICE = {
    40001: "wecom.secret 不对，或不是这个应用的。到管理后台重新复制",
    40013: "wecom.corp_id 不对",
    60020: "这台机器的出口 IP 不在应用的企业可信 IP 里。加上后等一分钟",
    48002: "应用不在客户联系的可调用应用里。到 客户联系 → API 里加上",
    45009: "调用太频繁，被挡一小时。先停掉别的用旧密钥的程序",
    50003: "应用被停用了",
}


def _token(runtime: Runtime) -> str:
    if {"wecom.corp_id", "wecom.secret"} & set(missing(runtime.settings)):
        raise Wrong("先填 wecom.corp_id 和 wecom.secret")
    wecom = runtime.gateway(NewTokens())
    try:
        wecom.access_token()
        followers = wecom.followers()
    except WeComError as problem:
        advice = TOKEN_ADVICE.get(problem.errcode or 0, "看看网络、wecom.corp_id 和 wecom.secret")
        said = "没有回答" if problem.errcode is None else f"回答 {problem.errcode}"
        raise Wrong(f"{problem.endpoint} {said}。{advice}") from None
    if not followers:
        raise Wrong("应用看不到任何一位有客户联系权限的同事。检查应用的可见范围")
    return f"可用，{len(followers)} 位同事在服务客户"


def _callback_keys(runtime: Runtime) -> str:
    wecom = runtime.settings.wecom
    if {"wecom.callback_token", "wecom.callback_aes_key"} & set(missing(runtime.settings)):
        raise Wrong("先填 wecom.callback_token 和 wecom.callback_aes_key")
    try:
        CallbackCrypto(
            wecom.callback_token.get_secret_value(), wecom.callback_aes_key.get_secret_value(), wecom.corp_id
        )
    except ValueError:
        raise Wrong("wecom.callback_token 或 callback_aes_key 不对。和管理后台 接收消息 里的两项一字不差") from None
    return "格式正确"


def _domain(runtime: Runtime) -> str:
    url = runtime.settings.server.public_url
    parts = urlsplit(url)
    if parts.hostname in ("127.0.0.1", "localhost"):
        raise Wrong(f"server.public_url 是 {url}，只有这台机器打得开。填应用的可信域名")
    if parts.scheme != "https":
        raise Wrong(f"server.public_url 应以 https:// 开头，现在是 {url}")
    try:
        answer = requests.get(f"{url}/healthz", timeout=5, allow_redirects=False)
    except requests.RequestException as problem:
        raise Wrong(f"{url} 打不开（{type(problem).__name__}）。看看域名解析、证书和反向代理") from None
    if answer.status_code != 200:
        raise Wrong(f"{url}/healthz 回答 {answer.status_code}。反向代理没有转到本程序，或本程序没在运行")
    return url


def _clock(runtime: Runtime) -> str:
    try:
        told = requests.get(runtime.settings.wecom.base_url, timeout=5, allow_redirects=False).headers.get("Date", "")
        difference = abs((datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds())
    except (requests.RequestException, ValueError, TypeError):
        raise Wrong("问不到企业微信的时间，没法比。看看网络") from None
    if difference > CLOCK_SECONDS:
        raise Wrong(f"和企业微信差 {difference:.0f} 秒。打开系统的时间同步（NTP）")
    return f"差 {difference:.0f} 秒"


def _worker(runtime: Runtime) -> str:
    try:
        with runtime.reading() as session:
            count = len(workers.beats(session))
            is_any_alive = workers.is_any_alive(session, real_now=utc_now())
    except SQLAlchemyError:
        raise Wrong("先把数据库弄好") from None
    if not is_any_alive:
        raise Wrong("一分钟没有动静：欢迎语、定时任务都没人办。运行 python app.py serve，或 work")
    return f"{count} 个在跑"
