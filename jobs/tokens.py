"""WeCom's tokens and tickets, fetched at start and renewed before they end."""

from runtime import Runtime


def warm_tokens(runtime: Runtime) -> int:
    """Renew what ends within ten minutes, so that no request has to wait for it. Never more than once a run."""
    if runtime.settings.wecom.corp_id:
        runtime.wecom.warm()
    return 0
