"""Chat rooms over HTTP: which there are, and what was said."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from learning.counting import how_many
from learning.models import ChatMessage, ChatRoom


class RoomOut(serializers.ModelSerializer):
    """A room, how much was said in it, and when last."""

    messages = serializers.IntegerField(source="said")
    last_at = serializers.DateTimeField()

    class Meta:
        model = ChatRoom
        fields = ("id", "name", "messages", "last_at")


class MessageOut(serializers.ModelSerializer):
    """A message and who wrote it."""

    author = serializers.CharField(source="author.get_full_name")

    class Meta:
        model = ChatMessage
        fields = ("id", "author", "text", "sent_at")


class Rooms(viewsets.ReadOnlyModelViewSet):
    """All rooms by their number."""

    serializer_class = RoomOut

    def get_queryset(self) -> QuerySet[ChatRoom]:
        """Two queries however many rooms: the count, and the page."""
        newest = ChatMessage.objects.filter(room=OuterRef("pk")).order_by("-id").values("sent_at")[:1]
        said = how_many(ChatMessage.objects.all(), "room")
        return ChatRoom.objects.annotate(said=said, last_at=Subquery(newest)).order_by("id")

    @action(detail=True)
    def messages(self, *_request: Request, **_pk: str) -> Response:
        """What was said in one room, newest first."""
        said = ChatMessage.objects.filter(room=self.get_object()).select_related("author").order_by("-id")
        return self.get_paginated_response(MessageOut(self.paginate_queryset(said), many=True).data)
