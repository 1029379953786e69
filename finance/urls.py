"""URLs of the finance app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
