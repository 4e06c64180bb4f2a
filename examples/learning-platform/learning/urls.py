"""Every path of the platform."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.urls import include, path
from django.views.static import serve
from rest_framework.routers import SimpleRouter

from learning import accounts, chat_rooms, materials, scheduling, service

router = SimpleRouter()
router.register("materials", materials.Materials, "material")
router.register("lessons", scheduling.Lessons, "lesson")
router.register("assignments", scheduling.Assignments, "assignment")
router.register("chat/rooms", chat_rooms.Rooms, "chat-room")
router.register("admin/users", accounts.Users, "user")

urlpatterns = [
    path("api/health/", service.health),
    path("api/about/", service.about),
    path("api/auth/login/", accounts.login),
    path("api/profile/me/", accounts.profile),
    path("api/", include(router.urls)),
    path("metrics", service.metrics),
    # One file; a larger application leaves static files to the server in front of it.
    path("static/<path:path>", serve, {"document_root": Path(settings.BASE_DIR) / "static"}),
]

handler400 = "learning.errors.bad_request"
handler404 = "learning.errors.not_found"
handler500 = "learning.errors.server_error"
