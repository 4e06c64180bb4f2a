"""What the platform keeps. Indexes and constraints are declared here and nowhere else; migrations make them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Profile(models.Model):
    """What a user is here, beside what Django keeps of them."""

    class Role(models.TextChoices):
        """Who may do what."""

        STUDENT = "student"
        TEACHER = "teacher"
        ADMIN = "admin"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    role = models.CharField(max_length=10, choices=Role.choices)
    about = models.TextField(blank=True)

    class Meta:
        indexes = (models.Index(fields=("role",), name="profile_role"),)


class Category(models.Model):
    """A subject."""

    name = models.CharField(max_length=60, unique=True)


class Tag(models.Model):
    """A word that materials are found by."""

    name = models.CharField(max_length=40, unique=True)


class Course(models.Model):
    """What is taught, by whom, and who takes it."""

    title = models.CharField(max_length=120)
    category = models.ForeignKey(Category, models.PROTECT)
    teacher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="teaches")
    students = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Enrolment", related_name="takes")


class Enrolment(models.Model):
    """One student takes one course."""

    student = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="enrolments")
    course = models.ForeignKey(Course, models.CASCADE)
    enrolled_on = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("student", "course"), name="enrolled_once"),)


class Material(models.Model):
    """Something to read, watch or do."""

    title = models.CharField(max_length=120)
    summary = models.TextField()
    minutes = models.PositiveIntegerField()
    category = models.ForeignKey(Category, models.PROTECT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="materials")
    tags = models.ManyToManyField(Tag)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ("-published_at", "-id")
        indexes = (
            models.Index(fields=("-published_at", "-id"), name="material_newest"),
            models.Index(fields=("category", "-published_at", "-id"), name="material_of_category"),
        )
        constraints = (models.CheckConstraint(condition=Q(minutes__gt=0), name="material_takes_time"),)


class Lesson(models.Model):
    """A course meets in a room."""

    course = models.ForeignKey(Course, models.CASCADE)
    room = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    scheduled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    """None for the seeded ones, which nobody may take away."""

    class Meta:
        ordering = ("starts_at", "id")
        indexes = (models.Index(fields=("starts_at", "id"), name="lesson_next"),)
        constraints = (
            models.UniqueConstraint(fields=("room", "starts_at"), name="room_booked_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="lesson_ends_after_its_start"),
        )


class Assignment(models.Model):
    """What the students of a course have to hand in."""

    course = models.ForeignKey(Course, models.CASCADE)
    title = models.CharField(max_length=120)
    points = models.PositiveIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        ordering = ("due_at", "id")
        indexes = (models.Index(fields=("course", "due_at"), name="assignment_due"),)


class ChatRoom(models.Model):
    """Where a course talks."""

    name = models.CharField(max_length=120, unique=True)
    course = models.OneToOneField(Course, models.CASCADE, related_name="chat")


class ChatMessage(models.Model):
    """What somebody said in a room."""

    room = models.ForeignKey(ChatRoom, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.CharField(max_length=1000)
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("room", "-id"), name="message_newest"),)
