"""Materials: what there is to read, watch and do."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from learning.filters import number_asked
from learning.models import Material


class MaterialOut(serializers.ModelSerializer):
    """A material with the names of its category, its author and its tags."""

    category = serializers.CharField(source="category.name")
    author = serializers.CharField(source="author.get_full_name")
    tags = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Material
        fields = ("id", "title", "summary", "minutes", "category", "author", "tags", "published_at")


class Materials(viewsets.ReadOnlyModelViewSet):
    """Newest first; ``?category=3`` has those of one category."""

    serializer_class = MaterialOut

    def get_queryset(self) -> QuerySet[Material]:
        """Three queries however many materials: the count, the page, the tags of the page."""
        found = Material.objects.all()
        category = number_asked(self.request, "category")
        if category is not None:
            found = found.filter(category=category)
        if settings.ONE_BY_ONE:
            return found
        return found.select_related("category", "author").prefetch_related("tags")
