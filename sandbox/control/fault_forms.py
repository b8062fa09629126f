"""What may be switched to go wrong."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sandbox.control.forms import Form, Name

Times = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


class Switch(Form):
    times: Times | None = None
    probability: Probability | None = None

    def spec(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class CallFault(Switch):
    on: Literal["call"]
    path: Name
    errcode: int | None = None
    window_seconds: Seconds | None = None
    threshold: Annotated[int, Field(ge=0)] | None = None
    http: Annotated[int, Field(ge=500, le=599)] | None = None
    html: Literal[True] | None = None
    timeout: Literal["before", "after"] | None = None
    seconds: Seconds | None = None

    @model_validator(mode="after")
    def one_outcome(self) -> "CallFault":
        if sum(value is not None for value in (self.errcode, self.http, self.html, self.timeout)) != 1:
            raise ValueError("name one of errcode, http, html and timeout")
        return self


class CallbackFault(Switch):
    on: Literal["callback"]
    do: Literal["duplicate", "delay", "reorder", "drop"]
    copies: Annotated[int, Field(ge=2, le=10)] | None = None
    seconds: Seconds | None = None
    window: Annotated[int, Field(ge=2, le=1000)] | None = None

    @model_validator(mode="after")
    def has_its_measure(self) -> "CallbackFault":
        if self.do == "delay" and self.seconds is None:
            raise ValueError("a delay needs its seconds")
        return self


class BridgeFault(Switch):
    on: Literal["bridge"]
    name: Name
    err_msg: Name | None = None
    hang: Literal[True] | None = None
    seconds: Seconds | None = None  # done at once, answered so much later
    after_effect: bool | None = None

    @model_validator(mode="after")
    def one_outcome(self) -> "BridgeFault":
        if sum(value is not None for value in (self.err_msg, self.hang, self.seconds)) != 1:
            raise ValueError("name one of err_msg, hang and seconds")
        return self


class TokenFault(Switch):
    on: Literal["token"]
    do: Literal["expire"]


class WelcomeFault(Switch):
    on: Literal["welcome"]
    do: Literal["no_code"]


class HttpFault(Switch):
    on: Literal["http"]
    do: Literal["redirect_https"]


AnyFault = Annotated[
    CallFault | CallbackFault | BridgeFault | TokenFault | WelcomeFault | HttpFault, Field(discriminator="on")
]


class FaultsForm(Form):
    faults: list[AnyFault]
