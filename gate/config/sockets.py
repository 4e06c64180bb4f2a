"""One WebSocket: where it is opened, what is said over it, and which message is the answer."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gate.config.base import Model
from gate.config.scalars import (
    ANSWER_PATTERN,
    SUBPROTOCOL_PATTERN,
    DurationS,
    Headers,
    Json,
    Name,
    Path,
    SizeBytes,
)

_HANDSHAKE = "sec-websocket-"


def _path_alone(value: object) -> object:
    if isinstance(value, str) and "://" in value:
        raise ValueError("is a whole address; write its path alone: scheme and host are those of the preview")
    return value


def _not_of_the_handshake(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() == f"{_HANDSHAKE}protocol":
            raise ValueError(f"sets {name}; write subprotocols: [...] beside headers, so that the answer is checked")
        if name.lower() == "upgrade" or name.lower().startswith(_HANDSHAKE):
            raise ValueError(f"sets {name}, which the gate sets itself; take it out")
    return headers


def _each_once(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("offers one subprotocol twice; keep one")  # RFC 6455, section 4.1
    return names


class WebSocket(Model):
    """One WebSocket; scenarios of WebSockets open it, and judge it by their objectives."""

    connect: Annotated[Path, BeforeValidator(_path_alone)]
    """``/path?query`` of the upgrade, a template; over ``wss`` where the preview is ``https``."""
    identity: Name | None = None
    """Who connects: one of ``identities``. What its login extracts may stand here in braces too: ``{token}``."""
    headers: Annotated[Headers, AfterValidator(_not_of_the_handshake)] = Field(default_factory=dict)
    """Sent with the upgrade, over those of the preview and the identity; ``Origin`` where the server asks for it."""
    subprotocols: Annotated[
        list[Annotated[str, Field(pattern=SUBPROTOCOL_PATTERN)]], Field(max_length=16), AfterValidator(_each_once)
    ] = Field(default_factory=list)
    """Offered in this order; the server must choose one of them."""
    message: Json = None
    """What is sent again and again: a text as it stands, anything else as JSON. Without it nothing is sent."""
    answer: Annotated[str, Field(pattern=ANSWER_PATTERN, max_length=500)] | None = None
    """Which message is the answer: ``echo``, the same as was sent; ``first``, whatever comes first; or a place that
    it must have as JSON, ``$.id``. Others are counted and no answer."""
    max_message_bytes: SizeBytes = Field(default=10**6, alias="max_message", gt=0, le=10**6)
    """Largest message, sent or received; a larger one is an error."""
    timeout_s: DurationS = Field(default=10.0, alias="timeout", ge=1e-3, le=120)
    """A connection or an answer that takes longer is given up and counts as an error."""

    @property
    def path(self) -> str:
        return self.connect

    @property
    def content(self) -> Json:
        """What is filled in besides path and headers, as for an endpoint."""
        return self.message

    @property
    def speaks(self) -> bool:
        """Whether anything is sent; otherwise connections are only opened and held."""
        return self.message is not None

    @model_validator(mode="after")
    def _asks_and_is_answered(self) -> Self:
        if self.speaks and self.answer is None:
            raise ValueError(
                "has a message but no answer, so any news would be taken for it"
                "; write answer: echo, answer: first, or a place in it such as answer: $.id"
            )
        if self.answer is not None and not self.speaks:
            raise ValueError("has an answer but no message that asks for it; add message, or take answer out")
        return self
