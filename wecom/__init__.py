"""The gateway: the only code that knows WeCom's API."""
