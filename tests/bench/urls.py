"""The project's URLs and a page of a group with nothing on it, which the bench holds other pages against."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path

from groups.http import GroupRequest
from groups.permissions import Capability, requires


@requires(Capability.READ)
def empty(request: GroupRequest) -> HttpResponse:
    """The head of every page."""
    return render(request, "base.html")


urlpatterns = [path("g/<str:code>/empty/", empty, name="empty"), path("", include("kelompok.urls"))]
