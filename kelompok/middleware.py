"""Middleware of the site itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, UnreadablePostError
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
    """Leave out of a request what no database keeps: NUL, and halves of characters.

    Nobody types them. A field of a form refuses NUL itself; addresses, cookies and sheets kept as they were typed do
    not, and PostgreSQL answers with an error where SQLite is silent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on the address, the cookies and the fields as they can be kept."""
        request.path_info = _storable(request.path_info)
        request.COOKIES = {name: _storable(value) for name, value in request.COOKIES.items()}
        request.GET = _storable_fields(request.GET)
        with suppress(UnreadablePostError):  # the connection broke; the check against forgery answers it
            request.POST = _storable_fields(request.POST)
        return self.get_response(request)


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="ignore").decode()


def _storable_fields(fields: _ImmutableQueryDict) -> _ImmutableQueryDict:
    kept = {_storable(name): [_storable(value) for value in values] for name, values in fields.lists()}
    return fields if kept == dict(fields.lists()) else QueryDict(urlencode(kept, doseq=True))


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
