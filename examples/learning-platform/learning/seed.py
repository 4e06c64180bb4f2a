"""The rows a platform starts with: the same ones for the same size and password."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction

from learning.models import (
    Assignment,
    Category,
    ChatMessage,
    ChatRoom,
    Course,
    Enrolment,
    Lesson,
    Material,
    Profile,
    Tag,
)

SEED = 20_261_122
SMALLEST = 1000
"""Materials; with fewer the pages and rooms that the suite asks for would not all be there."""
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
"""A Monday; all dates are counted from it."""
ACCOUNTS = {"student": Profile.Role.STUDENT, "teacher": Profile.Role.TEACHER, "admin": Profile.Role.ADMIN}
"""Who can log in; the other users have no password."""
HERE = Path(__file__).parent
SUBJECTS = (HERE / "subjects.txt").read_text().split()
WORDS = (HERE / "words.txt").read_text().split()
SUMMARY_WORDS = 120
LESSONS_A_DAY = 6
MESSAGES_A_ROOM = 20
COURSES_A_STUDENT = 4


def seed(size: int, password: str) -> None:
    """Fill an empty database, all of it or nothing.

    Parameters
    ----------
    size
        Number of materials, at least ``SMALLEST``; there are as many lessons, half as many students and assignments, a
        twentieth as many courses.
    password
        Of the accounts ``student``, ``teacher`` and ``admin``.

    Raises
    ------
    ValueError
        When the size is less than ``SMALLEST``.
    """
    if size < SMALLEST:
        raise ValueError(f"{size} is too small; give at least {SMALLEST}")
    random = Random(SEED)
    with transaction.atomic():
        students, teachers = _users(random, size // 2, max(2, size // 50), password)
        courses = _courses(random, size // 20, students, teachers)
        _materials(random, size, teachers)
        _timetable(random, size, courses)
        _chats(random, courses, students)


def _words(random: Random, count: int) -> str:
    return " ".join(random.choices(WORDS, k=count))


def _title(random: Random) -> str:
    return f"{_words(random, 3).capitalize()} in {random.choice(SUBJECTS)}"


def _users(random: Random, students: int, teachers: int, password: str) -> tuple[list[User], list[User]]:
    roles = [*ACCOUNTS.values(), *[Profile.Role.STUDENT] * (students - 1), *[Profile.Role.TEACHER] * (teachers - 1)]
    names = [*ACCOUNTS, *(f"{role}-{number}" for number, role in enumerate(roles[len(ACCOUNTS) :], start=1))]
    hashed, none = make_password(password), make_password(None)
    users = User.objects.bulk_create(
        User(
            username=name,
            password=hashed if name in ACCOUNTS else none,
            first_name=random.choice(WORDS).capitalize(),
            last_name=random.choice(WORDS).capitalize(),
            email=f"{name}@learning.example",
            is_staff=role == Profile.Role.ADMIN,
            date_joined=NOW - timedelta(days=random.randrange(1000)),
        )
        for name, role in zip(names, roles, strict=True)
    )
    Profile.objects.bulk_create(
        Profile(user=user, role=role, about=_words(random, 30)) for user, role in zip(users, roles, strict=True)
    )
    having = list(zip(users, roles, strict=True))
    return (
        [user for user, role in having if role == Profile.Role.STUDENT],
        [user for user, role in having if role == Profile.Role.TEACHER],
    )


def _courses(random: Random, count: int, students: list[User], teachers: list[User]) -> list[Course]:
    categories = Category.objects.bulk_create(Category(name=subject) for subject in SUBJECTS)
    courses = Course.objects.bulk_create(
        Course(title=_title(random), category=random.choice(categories), teacher=teachers[number % len(teachers)])
        for number in range(count)
    )
    joined = [date(2026, 9, 1 + day) for day in range(30)]
    Enrolment.objects.bulk_create(
        Enrolment(student=student, course=course, enrolled_on=random.choice(joined))
        for student in students
        for course in random.sample(courses, COURSES_A_STUDENT)
    )
    return courses


def _materials(random: Random, count: int, teachers: list[User]) -> None:
    categories = list(Category.objects.order_by("id"))
    tags = Tag.objects.bulk_create(Tag(name=word) for word in WORDS[:40])
    materials = Material.objects.bulk_create(
        Material(
            title=_title(random),
            summary=_words(random, SUMMARY_WORDS),
            minutes=random.randrange(5, 120, 5),
            category=random.choice(categories),
            author=random.choice(teachers),
            published_at=NOW - timedelta(minutes=random.randrange(500_000)),
        )
        for _ in range(count)
    )
    tagged = Material.tags.through
    tagged.objects.bulk_create(
        tagged(material=material, tag=tag)
        for material in materials
        for tag in random.sample(tags, random.randint(1, 5))
    )


def _timetable(random: Random, count: int, courses: list[Course]) -> None:
    lessons = []
    for number in range(count):
        course = courses[number % len(courses)]
        day, hour = divmod(number // len(courses), LESSONS_A_DAY)
        starts_at = NOW + timedelta(days=day, hours=hour)
        room = f"room {course.pk}"
        lessons.append(Lesson(course=course, room=room, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=45)))
    Lesson.objects.bulk_create(lessons)
    Assignment.objects.bulk_create(
        Assignment(
            course=random.choice(courses),
            title=_title(random),
            points=random.randrange(5, 50, 5),
            due_at=NOW + timedelta(hours=random.randrange(2000)),
        )
        for _ in range(count // 2)
    )


def _chats(random: Random, courses: list[Course], students: list[User]) -> None:
    rooms = ChatRoom.objects.bulk_create(
        ChatRoom(name=f"{course.pk}: {course.title}", course=course) for course in courses
    )
    ChatMessage.objects.bulk_create(
        ChatMessage(
            room=room,
            author=random.choice(students),
            text=_words(random, random.randint(2, 25)),
            sent_at=NOW - timedelta(minutes=MESSAGES_A_ROOM - number),
        )
        for room in rooms
        for number in range(MESSAGES_A_ROOM)
    )
