"""Middleware of the site itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

from groups.http import takes_page, wants_json
from kelompok.views.site import healthz

if TYPE_CHECKING:
    from django.http.request import _ImmutableQueryDict


class ChosenLanguageMiddleware:
    """Speak Indonesian to everybody who has not chosen English.

    Django's own `LocaleMiddleware` follows the browser, and many phones in the village are set to English.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the language of the cookie that `/language/` sets, or in the default one."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        with translation.override(chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response


class HealthMiddleware:
    """Lead to `/healthz` before anything looks at the host or at a session.

    So whoever watches the server reaches it by address and over plain http, and while the database is away.
    """

    PATH = "/healthz"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass every other request on."""
        return healthz(request) if request.path == self.PATH else self.get_response(request)


class PrivatePagesMiddleware:
    """Keep pages out of every cache: they name people, and telephones and browsers in the village are shared.

    Static files are answered before this.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Say so, where the view says nothing about caches itself."""
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


class StorableTextMiddleware:
    """Leave out of a request what no database stores: NUL, and halves of characters.

    Nobody types them. A field of a form refuses NUL itself; addresses, cookies and sheets stored as they were typed do
    not, and PostgreSQL answers with an error where SQLite is silent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on the address, the cookies and the fields as they can be stored."""
        request.path, request.path_info = _storable(request.path), _storable(request.path_info)
        request.COOKIES = {name: _storable(value) for name, value in request.COOKIES.items()}
        request.GET = _storable_fields(request.GET)
        with suppress(UnreadablePostError):  # the connection broke; the check against forgery answers it
            request.POST = _storable_fields(request.POST)
        return self.get_response(request)


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="ignore").decode()


def _storable_fields(fields: _ImmutableQueryDict) -> _ImmutableQueryDict:
    stored = {_storable(name): [_storable(value) for value in values] for name, values in fields.lists()}
    return fields if stored == dict(fields.lists()) else QueryDict(urlencode(stored, doseq=True))


class SignedInMiddleware(LoginRequiredMiddleware):
    """Ask strangers to sign in; a form they sent comes back on the page, for the session may end while they type."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Send a reader to the sign-in page, hand a form back, and tell a program."""
        to_sign_in = super().process_view(request, view_func, view_args, view_kwargs)
        if to_sign_in is not None and wants_json(request):
            return signed_out()
        return form_back(request) if to_sign_in is not None and _kept_fields(request) else to_sign_in


def form_back(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Hand back a form that came without its session, to be sent once more after signing in; nothing was recorded.

    Also the answer to a token of an earlier session (`CSRF_FAILURE_VIEW`), with Django's `reason`.
    """
    if wants_json(request):
        return problem("token", _("You signed in anew meanwhile. Send it again with the new token."), status=403)
    return render(request, "resend.html", {"fields": _kept_fields(request)}, status=403)


def signed_out() -> JsonResponse:
    """Answer a program that came without a session, with the address of the sign-in page."""
    text = _("You are signed out. Sign in and send it again: nothing was recorded.")
    return problem("signed_out", text, status=401, url=resolve_url(settings.LOGIN_URL))


def problem(name: str, text: str, *, status: int, url: str | None = None) -> JsonResponse:
    """Return an answer in the shape of those of the meeting sheet, for what kept a request from reaching it."""
    answer = {"status": name, "meeting": None, "url": url, "cash": None, "errors": {"__all__": text}}
    return JsonResponse(answer, status=status)


class JsonProblemsMiddleware:
    """Give programs, instead of the page that says what went wrong, JSON with a word they can understand.

    Around everything that answers by itself. What a view answers in JSON stays as it is.
    """

    NAMES = MappingProxyType({400: "broken", 403: "forbidden", 404: "missing", 503: "unavailable"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put JSON in the place of a page that says what went wrong."""
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("application/json"):
            patch_vary_headers(response, ["Accept"])
        elif response.status_code >= 400 and wants_json(request) and not self._is_for_a_person(request, response):
            name = self.NAMES.get(response.status_code, "failed" if response.status_code >= 500 else "refused")
            return problem(name, response.reason_phrase, status=response.status_code)
        return response

    @staticmethod
    def _is_for_a_person(request: HttpRequest, response: HttpResponse) -> bool:
        """Say whether it is a page with what was typed, and the program can show it."""
        return response.status_code in (409, 422) and takes_page(request)


def _kept_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was sent, if the browser says it is a form of ours and it holds no password.

    A form of another site does not come back: we would offer it as our own.
    """
    own = (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
    if request.headers.get("Origin") not in own or any("password" in name for name in request.POST):
        return []
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in sent if name != "csrfmiddlewaretoken"]


class NotFoundMiddleware:
    """Show our own "not found" under DEBUG too, where `make run` serves people and Django would show its URLconf.

    The innermost one, so that the page knows who is signed in. Outside DEBUG Django does it by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.DEBUG:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put the page in the place of any 404."""
        response = self.get_response(request)
        return page_not_found(request, Http404()) if response.status_code == 404 else response
