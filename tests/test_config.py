"""Settings: the example tells the defaults, and whatever is wrong is named."""

import tomllib
from pathlib import Path

import pytest

from config import ConfigError, Settings, load

EXAMPLE = Path(__file__).resolve().parents[1] / "config.example.toml"
SECRET = "hunter2hunter2"


@pytest.fixture
def config(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


def test_the_example_equals_the_defaults():
    assert load(EXAMPLE, {}) == Settings()


def test_the_example_leaves_nothing_out():
    shown = tomllib.loads(EXAMPLE.read_text())

    assert {name: set(section) for name, section in shown.items()} == {
        name: set(section) for name, section in Settings().model_dump().items()
    }


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nport = '80'", "server.port"),
        ("[server]\nport = 0", "server.port"),
        ("[server]\nprot = 80", "server.prot: there is no such setting"),
        ("[servre]\nport = 80", "servre: there is no such setting"),
        ("server = 3", "server"),
        ("[server]\nbehind_proxy = 'yes'", "server.behind_proxy"),
        ("[server]\npublic_url = 'shop.example'", "server.public_url"),
        ("[server]\npublic_url = 'https://shop.example/path'", "server.public_url"),
        ("[business]\ntime_zone = 'Mars/Olympus'", "business.time_zone"),
        ("[business]\nlanguage = 'fr'", "business.language"),
        ("[wecom]\ncallback_aes_key = 'short'", "wecom.callback_aes_key"),
        ("[wecom]\nsecret_file = '/nowhere/secret'", "wecom.secret_file"),
        ("[retention]\ninbox_days = 7", "retention.inbox_days"),
        ("[welcome]\ntext = ''", "welcome.text"),
        ("[log]\nlevel = 'loud'", "log.level"),
        ("[log", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(config, text, named):
    with pytest.raises(ConfigError) as wrong:
        load(config(text), {})

    assert named in str(wrong.value)


def test_every_wrong_key_is_named_at_once(config):
    with pytest.raises(ConfigError) as wrong:
        load(config("[server]\nport = 0\nthreads = 0"), {})

    assert "server.port" in str(wrong.value)
    assert "server.threads" in str(wrong.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("HUITOU_SERVER__PROT", "80"), ("HUITOU_PORT", "80"), ("HUITOU_SERVER__PORT", "eighty"), ("HUITOU_X__Y", "1")],
)
def test_a_wrong_variable_is_named(config, name, value):
    with pytest.raises(ConfigError) as wrong:
        load(config(""), {name: value})

    assert "SERVER__PORT" in str(wrong.value).upper() or name in str(wrong.value)


def test_a_variable_wins_over_the_file_and_others_are_left_alone(config):
    path = config("[server]\nport = 80\n[wecom]\nsecret = 'from the file'")
    environ = {"HUITOU_SERVER__PORT": "81", "HUITOU_WECOM__SECRET": SECRET, "HUITOU_SERVER__BEHIND_PROXY": "true"}

    settings = load(path, environ | {"PATH": "/bin", "OTHER__KEY": "1"})

    assert (settings.server.port, settings.server.behind_proxy) == (81, True)
    assert settings.wecom.secret.get_secret_value() == SECRET


def test_a_secret_may_live_in_a_file_of_its_own(config, tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")

    settings = load(config(f"[wecom]\nsecret = 'old'\nsecret_file = '{tmp_path}/secret'"), {})

    assert settings.wecom.secret.get_secret_value() == SECRET


def test_no_secret_is_ever_shown(config):
    url = f"postgresql+psycopg://shop:{SECRET}@db/huitou"
    settings = load(
        config(f"[wecom]\nsecret = '{SECRET}'\n[server]\nmetrics_token = '{SECRET}'\n[database]\nurl = '{url}'"), {}
    )

    assert SECRET not in str(settings.masked())
    assert SECRET not in repr(settings.wecom)


def test_a_wrong_secret_is_not_repeated(config):
    with pytest.raises(ConfigError) as wrong:
        load(config(f"[wecom]\ncallback_aes_key = '{SECRET}'"), {})

    assert SECRET not in str(wrong.value)


def test_settings_are_frozen():
    with pytest.raises(ValueError):
        Settings().server.port = 1
