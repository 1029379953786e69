"""Middleware of the site itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.defaults import page_not_found

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
        """Send a reader to the sign-in page, and hand a form back."""
        to_sign_in = super().process_view(request, view_func, view_args, view_kwargs)
        return form_back(request) if to_sign_in is not None and _kept_fields(request) else to_sign_in


def form_back(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Hand back a form that came without its session, to be sent once more after signing in; nothing was recorded.

    Also the answer to a token of an earlier session (`CSRF_FAILURE_VIEW`), with Django's `reason`.
    """
    return render(request, "resend.html", {"fields": _kept_fields(request)}, status=403)


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
