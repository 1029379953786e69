"""The request as views see it: signed in, and where the URL names a group, with that group."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

if TYPE_CHECKING:
    from groups.models import Group, User

P = ParamSpec("P")
R = TypeVar("R", bound="UserRequest")
View = Callable[Concatenate[R, P], HttpResponse]


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


def takes_posts_of(page: str) -> Callable[[View[R, P]], View[R, P]]:
    """Let a view take posts alone, from the form or the buttons on the page with this name.

    Whoever comes to its address in another way is led to that page: by a link with a query on the form that is shown
    there again, by a switch of the language, by signing in anew. Nothing is written then.
    """

    def declare(view: View[R, P]) -> View[R, P]:
        taken = require_POST(view)

        @wraps(view)
        def take_or_lead(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in {"GET", "HEAD"}:
                return taken(request, *args, **kwargs)
            group = getattr(request, "group", None)
            address, query = reverse(page, args=[group.code] if group is not None else []), request.GET.urlencode()
            return redirect(f"{address}?{query}" if query else address)

        take_or_lead.page = page  # type: ignore[attr-defined]
        return take_or_lead

    return declare
