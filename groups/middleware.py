"""Access to every page, decided in one place before the view runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from groups.models import Group, Role
from groups.permissions import can, can_in, declared_capability
from groups.shared.clock import zone_of


class AccessMiddleware:
    """Refuse views that declare no capability, people who lack it, and groups they may not see.

    A code is read in any case, and its page is at one address: small letters lead to the capital ones.
    A group that may not be seen answers 404, as one that does not exist: existence is private too.
    `LoginRequiredMiddleware` is before this one, so only public views are reached by strangers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: `process_view` decides, when the view is known; then the clock is ours again."""
        with timezone.override(None):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Put the group of the URL on the request as `request.group`; its code is not passed to the view.

        From here on the clock of its place is the current one: `timezone.localdate()` is the group's `today_of`.
        """
        match = request.resolver_match
        if match is not None and "admin" in match.app_names:
            return None
        try:
            capability = declared_capability(view)
        except LookupError as error:
            raise PermissionDenied from error
        if capability is None or not request.user.is_authenticated:
            return None
        if "code" in kwargs:
            code = kwargs.pop("code")
            groups = Group.objects.visible_to(request.user).select_related("rules", "organisation")
            if request.user.role == Role.OFFICER:
                recordable = Group.objects.recordable_by(request.user).filter(pk=OuterRef("pk"))
                groups = groups.annotate(officer_may_record=Exists(recordable))
            group = groups.filter(code__in={code, code.upper()}).first()
            if group is None:
                raise Http404
            if group.code != code and request.method in ("GET", "HEAD"):
                return _to_own_address(request, group)
            request.group = group  # type: ignore[attr-defined]
            timezone.activate(zone_of(group.village_id))
            if not can_in(request.user, capability, group):
                raise PermissionDenied
        if not can(request.user, capability):
            raise PermissionDenied
        return None


def _to_own_address(request: HttpRequest, group: Group) -> HttpResponse:
    match = request.resolver_match
    assert match is not None, "a view was found"
    address = reverse(match.view_name, kwargs={**match.captured_kwargs, "code": group.code})  # type: ignore[attr-defined]  # missing in stubs
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address)
