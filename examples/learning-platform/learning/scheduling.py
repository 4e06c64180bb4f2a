"""Lessons and assignments: what happens when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import mixins, permissions, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from learning.counting import how_many
from learning.filters import number_asked
from learning.models import Assignment, Course, Enrolment, Lesson, Profile

LONGEST_SERIES_WEEKS = 20


class MayRead(permissions.IsAuthenticated):
    """Whoever is known may read; who teaches may write as well."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the request may go on."""
        if not super().has_permission(request, view):
            return False
        return request.method in permissions.SAFE_METHODS or request.user.profile.role != Profile.Role.STUDENT


class LessonOut(serializers.ModelSerializer):
    """A lesson with its course, its teacher, and how many are expected."""

    course = serializers.CharField(source="course.title")
    teacher = serializers.CharField(source="course.teacher.get_full_name")
    students = serializers.IntegerField()

    class Meta:
        model = Lesson
        fields = ("id", "course", "teacher", "room", "starts_at", "ends_at", "students")


class Series(serializers.Serializer):
    """Lessons to schedule: the same hour in the same room, week after week."""

    course = serializers.PrimaryKeyRelatedField(queryset=Course.objects.all())
    room = serializers.CharField(max_length=40)
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(min_value=-600, max_value=600)
    weeks = serializers.IntegerField(min_value=1, max_value=LONGEST_SERIES_WEEKS, default=1)

    def create(self, validated_data: dict[str, Any]) -> list[Lesson]:
        """All lessons or none: whether a room is free and an end comes after its start, the database knows."""
        weeks = validated_data.pop("weeks")
        minutes = timedelta(minutes=validated_data.pop("minutes"))
        first: datetime = validated_data.pop("starts_at")
        starts = [first + timedelta(weeks=week) for week in range(weeks)]
        with transaction.atomic():
            return [Lesson.objects.create(starts_at=at, ends_at=at + minutes, **validated_data) for at in starts]


class Lessons(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Lessons in the order of their starts; ``?course=3`` has those of one course."""

    permission_classes: ClassVar = [MayRead]
    serializer_class = LessonOut

    def get_queryset(self) -> QuerySet[Lesson]:
        """Two queries however many lessons: the count, and the page."""
        students = how_many(Enrolment.objects.all(), "course", "course")
        found = Lesson.objects.select_related("course__teacher").annotate(students=students)
        course = number_asked(self.request, "course")
        if course is not None:
            found = found.filter(course=course)
        return found

    def create(self, request: Request) -> Response:
        """Schedule a series of lessons."""
        series = Series(data=request.data)
        series.is_valid(raise_exception=True)
        lessons = series.save(scheduled_by=request.user)
        return Response({"lessons": [lesson.pk for lesson in lessons]}, status.HTTP_201_CREATED)

    @action(detail=False)
    def count(self, _request: Request) -> Response:
        """How many lessons there are."""
        return Response({"count": Lesson.objects.count()})

    @action(detail=False, methods=["DELETE"])
    def mine(self, request: Request) -> Response:
        """Take away what the user has scheduled, never the seeded ones."""
        removed, _ = Lesson.objects.filter(scheduled_by=request.user).delete()
        return Response({"removed": removed})


class AssignmentOut(serializers.ModelSerializer):
    """An assignment with its course."""

    course = serializers.CharField(source="course.title")

    class Meta:
        model = Assignment
        fields = ("id", "course", "title", "points", "due_at")


class Assignments(viewsets.ReadOnlyModelViewSet):
    """Those of the courses that a user takes or teaches, the next due first; an administrator sees all."""

    serializer_class = AssignmentOut

    def get_queryset(self) -> QuerySet[Assignment]:
        """Two queries: the count, and the page."""
        user = self.request.user
        found = Assignment.objects.select_related("course")
        if user.is_staff:
            return found
        mine = Course.objects.filter(students=user).union(Course.objects.filter(teacher=user), all=True)
        return found.filter(course__in=mine.values("pk"))
