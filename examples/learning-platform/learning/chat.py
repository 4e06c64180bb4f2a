"""The chat over WebSockets: ``/ws/chat/ROOM/?token=...``."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from rest_framework.authtoken.models import Token

from learning.models import ChatMessage, ChatRoom

LONGEST_TEXT = 1000
BAD_MESSAGE = 1007  # RFC 6455, section 7.4.1: data that is not consistent with the type of the message


class Chat(AsyncJsonWebsocketConsumer):
    """Stores what is said and answers it with its number; who else is in the room reads it over HTTP.

    A browser cannot set headers on a WebSocket, so the token may come in the query as well.
    """

    async def connect(self) -> None:
        """Accept a known user in a room that exists; anybody else is refused before the upgrade, with 403."""
        self.room = int(self.scope["url_route"]["kwargs"]["room"])
        self.user = await _user_in_room(_token(self.scope), self.room)
        if self.user is None:
            await self.close()
        else:
            await self.accept()

    @classmethod
    async def decode_json(cls, text_data: str) -> object:
        """What was sent; None where it is no JSON."""
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def receive_json(self, content: object, **_more: object) -> None:
        """Answer ``{"text": ..., "n": ...}`` with the same and the number it is stored under."""
        text = content.get("text") if isinstance(content, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST_TEXT:
            await self.close(BAD_MESSAGE)
            return
        await self.send_json({**content, "id": await _store(self.room, self.user, text)})


def _token(scope: dict[str, Any]) -> str:
    given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    if given.startswith("Token "):
        return given.removeprefix("Token ")
    return parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]


@database_sync_to_async
def _user_in_room(key: str, room: int) -> int | None:
    if not ChatRoom.objects.filter(pk=room).exists():
        return None
    return Token.objects.filter(key=key, user__is_active=True).values_list("user", flat=True).first()


@database_sync_to_async
def _store(room: int, author: int, text: str) -> int:
    return ChatMessage.objects.create(room_id=room, author_id=author, text=text).pk
