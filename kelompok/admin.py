"""The admin as a whole: what nobody can have typed or chosen there is a bad request, never an error of ours.

What a service or the database refuses of an action or a deletion is a message; forms say it themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import BadRequest, FieldDoesNotExist, FieldError, PermissionDenied, ValidationError
from django.db import DataError, IntegrityError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext as _

from groups.shared.refusals import Refused


class Site(AdminSite):
    """Django's admin, which trusts ids in an address, in a selection and in a filter to be ids."""

    site_header = site_title = "Kelompok"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Answer 400 where a value cannot be read as what it should be; the log keeps the traceback."""

        @wraps(view)
        def readable(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                response: HttpResponseBase = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # here, where a form that shows such a value fails
                return response
            except (Refused, IntegrityError) as error:
                if request.method != "POST":
                    raise
                refused = _("This does not fit what is recorded already. Nothing was saved.")
                messages.error(request, str(error) if isinstance(error, Refused) else refused)
                return redirect(request.get_full_path())
            except (ValueError, OverflowError, ValidationError, FieldDoesNotExist, FieldError, DataError) as error:
                raise BadRequest(str(error)) from error

        return super().admin_view(readable, cacheable)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        """Offer the rows a field may point at."""
        return _Autocomplete.as_view(admin_site=self)(request)


class _Autocomplete(AutocompleteJsonView):
    def process_request(self, request: HttpRequest) -> Any:
        parts = super().process_request(request)
        if parts[2].auto_created:  # the way back of another model's field; no form needs it
            raise PermissionDenied
        return parts
