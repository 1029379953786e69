"""Pages composed of several apps, and those of the site itself."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.i18n import set_language

from groups.http import UserRequest
from groups.permissions import Capability, public, requires

login = public(auth_views.LoginView.as_view(template_name="groups/login.html", redirect_authenticated_user=True))
logout = public(auth_views.LogoutView.as_view())
language = public(set_language)


@requires(Capability.READ)
def home(request: UserRequest) -> HttpResponse:
    """The facilitator's day, the staff's dashboard, the officer's group."""
    return render(request, "groups/home.html")


@public
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer `ok` when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
