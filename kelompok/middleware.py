"""Middleware of the site itself."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.defaults import page_not_found


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
