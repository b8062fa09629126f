"""Typed settings; the only reader of config.toml and the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, field_validator

PREFIX = "HUITOU_"


class ConfigError(Exception):
    """A setting is wrong; the message names it and says what was expected."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Server(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    threads: int = Field(default=16, ge=1, le=256)
    public_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://[^/?#\s]+$")
    behind_proxy: bool = False
    metrics_token: SecretStr = SecretStr("")


class Database(Section):
    url: str = "sqlite:///var/huitou.db"


class WeCom(Section):
    corp_id: str = ""
    agent_id: int = 0
    secret: SecretStr = SecretStr("")
    secret_file: str = ""
    callback_token: SecretStr = SecretStr("")
    callback_aes_key: SecretStr = SecretStr("")
    base_url: str = Field(default="https://qyapi.weixin.qq.com", pattern=r"^https?://[^?#\s]+[^/?#\s]$")
    authorize_url: str = "https://open.weixin.qq.com/connect/oauth2/authorize"
    paid_contacts: int = Field(default=2000, ge=0, le=100_000_000)
    customers_per_member: int = Field(default=5000, ge=0, le=1_000_000)

    @field_validator("callback_aes_key")
    @classmethod
    def _is_an_aes_key(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) != 43:
            raise ValueError("expected the 43 letters and digits of EncodingAESKey")
        return value


class OfficialAccount(Section):
    app_id: str = ""
    secret: SecretStr = SecretStr("")
    base_url: str = Field(default="https://api.weixin.qq.com", pattern=r"^https?://[^?#\s]+[^/?#\s]$")
    authorize_url: str = "https://open.weixin.qq.com/connect/oauth2/authorize"


class Landing(Section):
    public_url: str = Field(default="", pattern=r"^(https?://[^/?#\s]+)?$")
    contact_way_state: str = ""
    mini_program_app_id: str = ""
    privacy_file: str = ""

    @field_validator("privacy_file")
    @classmethod
    def _is_readable(cls, value: str) -> str:
        try:
            has_text = not value or bool(Path(value).read_text("utf-8").partition("\n")[2].strip())
        except (OSError, UnicodeDecodeError) as problem:
            raise ValueError(f"{value} cannot be read ({problem.__class__.__name__})") from None
        if not has_text:
            raise ValueError("expected a version in the first line and the text below it")
        return value


class Security(Section):
    master_key_file: str = "var/master.key"
    session_hours: int = Field(default=12, ge=1, le=720)


class Business(Section):
    name: str = "我的小店"
    time_zone: str = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"
    profile_fields: list[Annotated[str, Field(min_length=1, max_length=20)]] = Field(
        default_factory=list, max_length=20
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("expected the name of a time zone such as Asia/Shanghai") from None
        return value


class Welcome(Section):
    rival_share_percent: int = Field(default=20, ge=1, le=100)
    rival_days: int = Field(default=7, ge=1, le=30)
    text: str = Field(default="您好，我是{staff}，很高兴认识您。有什么想问的，随时找我。", min_length=1)

    @field_validator("text")
    @classmethod
    def _fits(cls, value: str) -> str:
        if len(value.encode()) > 4000:
            raise ValueError("expected at most 4000 bytes of UTF-8")
        return value


class Quota(Section):
    per_month: int = Field(default=0, ge=0, le=31)


class Retention(Section):
    inbox_body_days: int = Field(default=30, ge=30, le=3650)
    inbox_days: int = Field(default=90, ge=30, le=3650)
    audit_days: int = Field(default=365, ge=30, le=3650)
    event_days: int = Field(default=90, ge=7, le=3650)
    touch_text_days: int = Field(default=365, ge=30, le=3650)
    upload_days: int = Field(default=30, ge=1, le=3650)


Address = Annotated[str, Field(pattern=r"^https?://[^?#\s]+[^/?#\s]$")]


class Connect(Section):
    pull_minutes: int = Field(default=5, ge=1, le=1440)
    overlap_minutes: int = Field(default=10, ge=1, le=1440)
    youzan_url: Address = "https://open.youzanyun.com"
    wechat_shop_url: Address = "https://api.weixin.qq.com"
    jushuitan_url: Address = "https://openapi.jushuitan.com"

    def base_url(self, platform: str) -> str:
        """Where a platform is asked; nowhere for one that is only pushed by."""
        return str(getattr(self, f"{platform}_url", ""))


class Imports(Section):
    folder: str = "var/imports"
    largest_mb: int = Field(default=1024, ge=1, le=8192)


class Webhooks(Section):
    allow_private: bool = False


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(Section):
    """Everything that can be set. `config.example.toml` says what each one is for."""

    server: Server = Server()
    database: Database = Database()
    wecom: WeCom = WeCom()
    official_account: OfficialAccount = OfficialAccount()
    landing: Landing = Landing()
    security: Security = Security()
    business: Business = Business()
    welcome: Welcome = Welcome()
    quota: Quota = Quota()
    retention: Retention = Retention()
    connect: Connect = Connect()
    imports: Imports = Imports()
    webhooks: Webhooks = Webhooks()
    log: Log = Log()

    @property
    def landing_url(self) -> str:
        """Where customers open pages: a domain of its own, or the server's."""
        return self.landing.public_url or self.server.public_url

    def masked(self) -> dict[str, Any]:
        """What is in force, secrets as stars."""
        shown: dict[str, Any] = self.model_dump(mode="json")
        shown["database"]["url"] = _without_password(self.database.url)
        return shown


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from a TOML file (`config.toml` when there is one) and `HUITOU_SECTION__KEY` variables.

    Raises `ConfigError` naming the key for whatever is unknown, of the wrong type or out of range.
    """
    environ = os.environ if environ is None else environ
    tree = _read_toml(path)
    for name, raw in environ.items():
        if name.startswith(PREFIX):
            _overlay(tree, name, raw)
    secret_file = tree.get("wecom", {}).get("secret_file") if isinstance(tree.get("wecom"), dict) else None
    if isinstance(secret_file, str) and secret_file:
        try:
            tree["wecom"]["secret"] = Path(secret_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigError(
                f"wecom.secret_file: {secret_file} cannot be read ({problem.__class__.__name__})"
            ) from None
    try:
        return Settings.model_validate(_typed_secrets(tree))
    except ValidationError as problem:
        raise ConfigError("\n".join(_sentence(error) for error in problem.errors())) from None


def _read_toml(path: Path | None) -> dict[str, Any]:
    explicit = path is not None
    path = path or Path("config.toml")
    if not path.exists() and not explicit:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read ({problem.__class__.__name__})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} is not TOML: {problem}") from None


def _overlay(tree: dict[str, Any], name: str, raw: str) -> None:
    section, _, key = name.removeprefix(PREFIX).lower().partition("__")
    known = Settings.model_fields.get(section)
    model = known.annotation if known else None
    field = model.model_fields.get(key) if isinstance(model, type) and issubclass(model, Section) else None
    if field is None:
        raise ConfigError(f"{name}: there is no such setting; expected {PREFIX}SECTION__KEY")
    target = tree.setdefault(section, {})
    if not isinstance(target, dict):
        raise ConfigError(f"{section}: expected a table")
    try:
        kind: Any = field.annotation
        target[key] = raw if kind in (str, SecretStr) else TypeAdapter(kind).validate_strings(raw)
    except ValidationError as problem:
        raise ConfigError(f"{name}: {problem.errors()[0]['msg']}") from None


def _typed_secrets(tree: dict[str, Any]) -> dict[str, Any]:
    """Strict validation wants a SecretStr where TOML has a string."""
    for section, known in Settings.model_fields.items():
        model, values = known.annotation, tree.get(section)
        if isinstance(model, type) and issubclass(model, Section) and isinstance(values, dict):
            for key, field in model.model_fields.items():
                if field.annotation is SecretStr and isinstance(values.get(key), str):
                    values[key] = SecretStr(values[key])
    return tree


def _sentence(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: there is no such setting"
    return f"{key}: {error['msg']}"


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    credentials, at, host = rest.rpartition("@")
    return f"{scheme}{separator}{credentials.split(':')[0]}:***@{host}" if at else url
