"""The application as a server runs it: HTTP by Django, WebSockets by Channels."""

from __future__ import annotations

import gc
import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning.settings")
_http = get_asgi_application()  # before anything that imports models

from learning.chat import Chat  # noqa: E402


async def _refuse(_scope: object, _receive: object, send: object) -> None:
    await send({"type": "websocket.close", "code": 4404})


application = ProtocolTypeRouter(
    {
        "http": _http,
        "websocket": URLRouter([re_path(r"^ws/chat/(?P<room>\d{1,9})/$", Chat.as_asgi()), re_path("", _refuse)]),
    }
)
# What lives as long as the server need not be visited by every collection.
gc.collect()
gc.freeze()
