"""Who somebody is: login, profile, and the list of users for administrators."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.authtoken.models import Token
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from learning.counting import how_many
from learning.models import Enrolment


class Credentials(serializers.Serializer):
    """What a login needs."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=200, trim_whitespace=False)


class UserOut(serializers.ModelSerializer):
    """A user as others see them."""

    role = serializers.CharField(source="profile.role")
    courses = serializers.IntegerField()

    class Meta:
        model = User
        fields = ("id", "username", "first_name", "last_name", "email", "role", "courses")


class ProfileOut(UserOut):
    """A user as they see themselves."""

    about = serializers.CharField(source="profile.about")

    class Meta(UserOut.Meta):
        fields = (*UserOut.Meta.fields, "about", "date_joined")


@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def login(request: Request) -> Response:
    """A token for a name and a password; the same one until it is deleted."""
    credentials = Credentials(data=request.data)
    credentials.is_valid(raise_exception=True)
    user = authenticate(**credentials.validated_data)
    if user is None:
        return Response({"detail": "no such name and password"}, status.HTTP_401_UNAUTHORIZED)
    token, _ = Token.objects.get_or_create(user=user)
    return Response({"token": token.key, "user": user.pk})


@api_view(["GET"])
def profile(request: Request) -> Response:
    """Whoever asks."""
    return Response(ProfileOut(_users().get(pk=request.user.pk)).data)


def _users() -> QuerySet[User]:
    return User.objects.select_related("profile").annotate(courses=how_many(Enrolment.objects.all(), "student"))


class Users(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """All users, for administrators."""

    permission_classes: ClassVar = [IsAdminUser]
    serializer_class = UserOut
    queryset = _users().order_by("id")
