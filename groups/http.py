"""The request as views see it: signed in, and where the URL names a group, with that group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from groups.models import Group, User


class UserRequest(HttpRequest):
    """A request of a signed-in person."""

    user: User


class GroupRequest(UserRequest):
    """A request below `/g/<code>/`; `AccessMiddleware` found the group among those the person may see."""

    group: Group
