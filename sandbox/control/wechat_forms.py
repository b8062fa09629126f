"""The bodies of the calls about a customer's WeChat."""

from sandbox.control.forms import ExternalUserId, Form


class VisitorForm(Form):
    external_userid: ExternalUserId | None
    snapshot: bool = False


class MiniCodeForm(Form):
    external_userid: ExternalUserId
    risky: bool = False


class WeChatRulesForm(Form):
    official_bound: bool | None = None
    mini_bound: bool | None = None
