"""URLs of the assessment app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
