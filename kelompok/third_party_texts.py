"""Texts of Django and of the audit log that our catalogue words itself.

Their own Indonesian is missing or clumsy. Texts found in code go into the catalogue, and our catalogue goes before
theirs; nothing imports this module but its test, which tells when one of them no longer is a text of theirs.
"""

from django.utils.translation import gettext_noop as _

DJANGO = (
    _("This field is required."),
    _("Enter a whole number."),
    _("Enter a number."),
    _("Please enter a correct %(username)s and password. Note that both fields may be case-sensitive."),
    _("Password"),
    _("Password confirmation"),
    _("Password-based authentication"),
    _("Old password"),
    _("New password"),
    _("New password confirmation"),
    _("Password change"),
    _("Change password"),
    _("Change my password"),
    _("Set password"),
    _("Reset password"),
    _("Your password was changed."),
    _("Password changed successfully."),
    _("The two password fields didn’t match."),
    _("Your old password was entered incorrectly. Please enter it again."),
    _("Enter the same password as before, for verification."),
    _("Your password can’t be too similar to your other personal information."),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
)
AUDIT_LOG = (
    _("Audit log"),
    _("Created"),
    _("User"),
    _("Resource"),
    _("Resource Type"),
    _("Action"),
    _("action"),
    _("Changes"),
    _("Field"),
    _("create"),
    _("update"),
    _("delete"),
    _("access"),
    _("system"),
    _("Created {repr:s}"),
    _("Updated {repr:s}"),
    _("Deleted {repr:s}"),
)
