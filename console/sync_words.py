"""What a full sync is called on the screen: its states, its stages, what it put right, and why it saw somebody not."""

from collections.abc import Mapping

from words import gettext


def pill(state: str) -> tuple[str, str]:
    return {
        "running": ("warm", gettext("正在同步")),
        "done": ("good", gettext("完成")),
        "stopped": ("quiet", gettext("已停下")),
        "failed": ("bad", gettext("没做完")),
    }[state]


def stage(name: str) -> str:
    return {
        "directory": gettext("部门和同事"),
        "tags": gettext("标签"),
        "channels": gettext("渠道码"),
        "serving": gettext("服务客户的同事"),
        "customers": gettext("客户"),
        "groups": gettext("客户群"),
    }[name]


def fixed(repaired: Mapping[str, int]) -> list[tuple[str, int]]:
    """What was put right, most often first."""
    words = {
        "follow_missed": gettext("漏掉的添加"),
        "follow_gone": gettext("漏掉的删除"),
        "remark": gettext("改过的备注"),
        "tags": gettext("改过的客户标签"),
        "unionid": gettext("后来才认出的微信"),
        "profile": gettext("改过的昵称头像"),
        "staff_new": gettext("新来的同事"),
        "staff_renamed": gettext("改名的同事"),
        "staff_moved": gettext("换部门的同事"),
        "staff_left": gettext("离职的同事"),
        "tag_new": gettext("新标签"),
        "tag_renamed": gettext("改名的标签"),
        "tag_gone": gettext("删掉的标签"),
        "group_new": gettext("新的群"),
        "group_changed": gettext("改过的群"),
        "group_gone": gettext("解散的群"),
        "member_joined": gettext("漏掉的进群"),
        "member_left": gettext("漏掉的退群"),
        "member_changed": gettext("改过的群成员"),
    }
    rows = [(words.get(kind, kind), number) for kind, number in repaired.items()]
    return sorted(rows, key=lambda row: -row[1])


def why(errcode: int | None) -> str:
    """Why WeCom did not show us somebody, and what to do."""
    words = {
        60011: gettext("不在应用的可见范围，请在企业微信后台加上"),
        701008: gettext("没有互通账号许可"),
        84061: gettext("没有客户"),
        41054: gettext("还没激活企业微信"),
        84074: gettext("没有客户联系权限"),
    }
    if errcode is None:
        return gettext("不在客户联系的名单里了，名下客户看不到")
    return words.get(errcode) or gettext("企业微信没答应（%(n)s）", n=errcode)
