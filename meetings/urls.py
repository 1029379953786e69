"""URLs of the meetings app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
