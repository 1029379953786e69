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


def wants_json(request: HttpRequest) -> bool:
    """Say whether a program asks: one that prefers JSON to a page. A browser and `*/*` get pages."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def takes_page(request: HttpRequest) -> bool:
    """Say whether a page can be shown: a script of ours prefers JSON, and takes a page where a person has to look."""
    return not wants_json(request) or any(
        (taken.main_type, taken.sub_type) == ("text", "html") for taken in request.accepted_types
    )
