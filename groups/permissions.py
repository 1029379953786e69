"""Who may do what: one table, asked by views, services, templates and the admin alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import PermissionDenied
from django.urls import URLPattern, URLResolver, get_resolver

from groups.models import Group, Role, User
from groups.models.group import GroupQuerySet

if TYPE_CHECKING:
    from django.http import HttpRequest


class Capability(StrEnum):
    """Things a person may be allowed to do with the groups they can see."""

    READ = "read"
    """Look at groups, books, minutes and scores, and print them."""
    RECORD = "record"
    """Register groups and members, record meetings and money."""
    MEET = "meet"
    """Record meetings and close them, which posts their money; an officer only as `recordable_by` says."""
    CONFIGURE = "configure"
    """Assign facilitators and change what a group is."""
    MENTOR = "mentor"
    """Plan and record visits to groups, and what else there is to accompanying them."""
    ASSESS = "assess"
    """Judge indicators, see dashboards of many groups."""


ROLE_CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.ADMIN: frozenset(Capability),
    Role.STAFF: frozenset({Capability.READ, Capability.ASSESS, Capability.CONFIGURE, Capability.MENTOR}),
    Role.FACILITATOR: frozenset({Capability.READ, Capability.RECORD, Capability.MEET, Capability.MENTOR}),
    Role.OFFICER: frozenset({Capability.READ}),
}
_PUBLIC = "public"

View = Callable[..., Any]
V = TypeVar("V", bound=View)


def can(actor: User | AnonymousUser, capability: Capability) -> bool:
    """Say whether `actor` has `capability` at all; which groups it covers is `Group.objects.visible_to`."""
    if not isinstance(actor, User) or not actor.is_active:
        return False
    if actor.is_superuser or capability in ROLE_CAPABILITIES[actor.role]:
        return True
    return capability == Capability.MEET and actor.role == Role.OFFICER and actor.records_meetings


def can_in(actor: User | AnonymousUser, capability: Capability, group: Group) -> bool:
    """Say whether `actor` has `capability` in a group that was read with `officer_may_record` for an officer."""
    if not can(actor, capability):
        return False
    is_officer = isinstance(actor, User) and actor.role == Role.OFFICER and not actor.is_superuser
    return capability != Capability.MEET or not is_officer or bool(getattr(group, "officer_may_record", False))


def _covered(actor: User | AnonymousUser, capability: Capability) -> GroupQuerySet:
    """Return the groups that a capability of `actor` covers."""
    return Group.objects.recordable_by(actor) if capability == Capability.MEET else Group.objects.visible_to(actor)


def require(actor: User, capability: Capability, *, group: Group | None = None) -> None:
    """Refuse, with `PermissionDenied`, an actor without `capability` or who may not see `group`."""
    if not can(actor, capability):
        raise PermissionDenied(f"{actor.pk} lacks {capability}")
    if group is not None and not _covered(actor, capability).filter(pk=group.pk).exists():
        raise PermissionDenied(f"{actor.pk} may not see group {group.pk}")


def lock_group(actor: User, capability: Capability, group: Group) -> Group:
    """Check `actor` as `require` does and lock the group until the transaction ends, in one statement.

    Every write to a group's records goes through here, so writers of one group queue up and those of
    different groups never wait for each other. SQLite has no row locks: its IMMEDIATE transactions queue.
    """
    if not can(actor, capability):
        raise PermissionDenied(f"{actor.pk} lacks {capability}")
    visible = _covered(actor, capability).filter(pk=group.pk).order_by().select_for_update(no_key=True)
    locked = next(iter(visible), None)
    if locked is None:
        raise PermissionDenied(f"{actor.pk} may not see group {group.pk}")
    if locked.rules_id == group.rules_id and Group._meta.get_field("rules").is_cached(group):
        locked.rules = group.rules  # a version of the rules never changes, so the one read before the lock serves
    return locked


def requires(capability: Capability) -> Callable[[V], V]:
    """Declare the capability a view needs; `AccessMiddleware` enforces it."""

    def declare(view: V) -> V:
        view.capability = capability  # type: ignore[attr-defined]
        return view

    return declare


def public(view: V) -> V:
    """Declare that a view is for everybody, signed in or not."""
    view.capability = _PUBLIC  # type: ignore[attr-defined]
    view.login_required = False  # type: ignore[attr-defined]
    return view


def declared_capability(view: View) -> Capability | None:
    """Return the capability `view` needs, None if it is public; raise `LookupError` if it says nothing."""
    declared = getattr(view, "capability", None)
    if declared is None:
        raise LookupError(f"{view} declares no capability")
    return None if declared == _PUBLIC else Capability(declared)


def capabilities_context(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """Template variable `can`: `{% if can.record %}`; nothing where a request was refused before anybody was known."""
    actor = getattr(request, "user", None) or AnonymousUser()
    group = getattr(request, "group", None)
    if group is None:
        return {"can": {capability.value: can(actor, capability) for capability in Capability}}
    return {"can": {capability.value: can_in(actor, capability, group) for capability in Capability}}


def walk_urls(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every route of the project with its pattern, except those of Django admin, which checks itself."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":
                yield from walk_urls(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry


@register(Tags.security)
def check_every_view_declares(**_kwargs: object) -> list[CheckMessage]:
    """System check: a view that declares no capability is a mistake found before the first request."""
    problems: list[CheckMessage] = []
    for route, pattern in walk_urls():
        try:
            declared_capability(pattern.callback)
        except LookupError:
            problems.append(Error(f"The view of '{route}' declares no capability.", id="kelompok.E001"))
    return problems
