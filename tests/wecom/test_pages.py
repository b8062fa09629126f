"""Signing a page for the SDK, and sending somebody to sign in."""

from urllib.parse import parse_qs, urlsplit

from wecom.jssdk import sign
from wecom.oauth import authorize_url

TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
SIGNATURE = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_a_page_is_signed_as_the_published_example():
    assert sign(TICKET, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value") == SIGNATURE


def test_the_fragment_of_a_page_is_not_signed():
    assert sign(TICKET, "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value#top") == SIGNATURE


def test_signing_in_asks_silently_and_comes_back_with_the_state():
    url = authorize_url(
        "https://open.weixin.qq.com/connect/oauth2/authorize",
        app_id="ww1",
        agent_id=1000002,
        redirect_uri="https://shop.example/sidebar/back?to=/sidebar&x=1",
        state="abc123",
    )

    assert url.endswith("#wechat_redirect")
    assert {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()} == {
        "appid": "ww1",
        "redirect_uri": "https://shop.example/sidebar/back?to=/sidebar&x=1",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc123",
        "agentid": "1000002",
    }
