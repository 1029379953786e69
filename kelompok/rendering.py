"""Jinja2, for what a page writes many times: the rows of long tables, and the widgets of forms."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import BaseRenderer
from django.template import TemplateDoesNotExist, engines
from django.utils.translation import gettext, ngettext
from jinja2 import Environment


def environment(**options: Any) -> Environment:
    """Return the environment of the Jinja2 templates, which say texts in the language of the reader."""
    made = Environment(**options, extensions=["jinja2.ext.i18n"])  # noqa: S701  # Django's backend asks for autoescape
    made.install_gettext_callables(gettext, ngettext)  # type: ignore[attr-defined]  # added by the extension
    return made


class WidgetRenderer(BaseRenderer):
    """Renders widgets with the Jinja2 templates of `django.forms` and of templates/jinja2.

    Those that the administration adds are there in Django's own language alone.
    """

    def get_template(self, template_name: str) -> Any:
        """Return a template of a widget, of the errors of a field or of a form."""
        try:
            return engines["jinja2"].get_template(template_name)
        except TemplateDoesNotExist:
            return engines["django"].get_template(template_name)
