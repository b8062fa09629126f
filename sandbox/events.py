"""The XML of an event, as it looks before it is encrypted."""

Value = str | int | list[str] | None


def event_xml(corp_id: str, at: int, event: str, change: str, fields: dict[str, Value]) -> str:
    """Fields that are None are left out, as WeCom leaves out an absent State; a list is one `<Item>` each."""
    head = {"ToUserName": corp_id, "FromUserName": "sys", "CreateTime": at, "MsgType": "event", "Event": event}
    parts = {**head, "ChangeType": change, **fields}
    inner = "".join(f"<{name}>{_value(value)}</{name}>" for name, value in parts.items() if value is not None)
    return f"<xml>{inner}</xml>"


def _value(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "".join(f"<Item>{_value(one)}</Item>" for one in value)
    text = "".join(character for character in str(value) if character >= " " or character in "\t\n\r")
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
