"""Robots of staff's internal groups, and what they said there."""

from uuid import UUID

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.app_records import Robot
from sandbox.control.group_forms import RobotForm
from sandbox.control.lookups import query_number
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible

blueprint = Blueprint("robots", __name__)


@blueprint.get("/robots")
def robots() -> ResponseReturnValue:
    state = corp().state
    with state.lock:
        return {"robots": [dict(vars(robot)) for robot in state.robots]}


@blueprint.post("/robots")
def create() -> ResponseReturnValue:
    form, mine = read_form(RobotForm), corp()
    with mine.state.writing():
        if form.key and mine.state.robots.get(form.key):
            raise Impossible("robot_exists", "this key is taken")
        robot = make_robot(mine, form)
        mine.note("robot", f"群里加了机器人「{robot.name}」")
        return {"key": robot.key, "url": f"{request.host_url}cgi-bin/webhook/send?key={robot.key}"}, 201


@blueprint.delete("/robots/<key>")
def remove(key: str) -> ResponseReturnValue:
    mine = corp()
    with mine.state.writing():
        robot = _find(mine, key)
        robot.removed = True
        mine.state.robots.put(robot)
        return dict(vars(robot))


@blueprint.get("/robots/<key>/messages")
def messages(key: str) -> ResponseReturnValue:
    after, mine = query_number("after", 0, 10**12), corp()
    with mine.state.lock:
        said = mine.state.robot_messages.of_robot(_find(mine, key).key)
        names = ("id", "at", "msgtype", "content")
        return {"messages": [{name: getattr(one, name) for name in names} for one in said if one.id > after]}


def make_robot(mine: Corp, form: RobotForm) -> Robot:
    key = form.key or str(UUID(mine.new_config_id()))
    return mine.state.robots.put(Robot(key, form.name))


def _find(mine: Corp, key: str) -> Robot:
    found = mine.state.robots.get(key)
    if found is None:
        raise Impossible("no_such_robot", "no robot has this key", 404)
    return found
