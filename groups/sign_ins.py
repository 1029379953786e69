"""How often people may try to sign in: decided before a password is hashed, which takes long on purpose.

- A person at an address: `TRIES` wrong passwords lock this pair for `LOCKED`.
- An address: many phones share one, so what counts is how many people failed there; `NAMES` of them lock it.
- A person: after `FREE_TRIES` from anywhere every address has to wait after a wrong try with this name, the longer the
  more there were, and a minute at the longest. What others do elsewhere makes no address wait that has not failed, so
  nobody keeps a person out of a new device either.

A device with which the person signed in before has a cookie that says so, and is counted by itself: neither the
address nor the person's other tries count for it. (django-axes counts after hashing, so tries at the same moment all
pass, and knows neither distinct names nor waiting nor devices.)
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core import signing
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.models import SignInTry, User

TRIES, LOCKED = 5, timedelta(minutes=15)
NAMES = 20
FREE_TRIES, COUNTED, LONGEST_WAIT = 10, timedelta(hours=1), timedelta(minutes=1)
KEPT = timedelta(days=30)
COOKIE, COOKIE_AGE, PEOPLE_ON_DEVICE = "device", timedelta(days=365), 8


class TooManyTriesError(Exception):
    """The try is refused; `seconds` from now another one is not."""

    def __init__(self, why: str, until: datetime) -> None:
        self.seconds = max(1, round((until - timezone.now()).total_seconds()))
        again = _("Try again in %s.") % _duration(self.seconds)
        super().__init__(f"{why} {again}")


def begin_try(username: str, address: str | None, device: str) -> SignInTry:
    """Count a try as a failed one, until `end_try`; raise `TooManyTriesError` where there were too many.

    Looks again after writing: of tries at the same moment each sees those written before it, so no more than allowed
    get past. A refused try leaves nothing, so it makes nobody wait longer.
    """
    attempt = SignInTry(username=username[:150], address=_network(address), device=device)
    _refuse(attempt)
    attempt.save()
    try:
        _refuse(attempt)
    except TooManyTriesError:
        attempt.delete()
        raise
    return attempt


def end_try(attempt: SignInTry) -> None:
    """The password was right: forget the failed tries of this person at this address or on this device."""
    attempt.signed_in = True
    attempt.save()  # written anew where another sign-in of the same moment forgot it as a failed one
    here = Q(address=attempt.address) | (Q(device=attempt.device) & ~Q(device=""))
    SignInTry.objects.filter(here, username=attempt.username, signed_in=False).delete()


def forget_old_tries() -> None:
    """Delete what no limit needs any more and nobody will ask about."""
    SignInTry.objects.filter(tried_at__lt=timezone.now() - KEPT).delete()


def known_device(request: HttpRequest, username: str) -> str:
    """Return the id of the device if this person signed in with it before, else nothing."""
    devices = _devices(request)
    person = User.objects.filter(username__iexact=username).values_list("pk", flat=True).first() if devices else None
    return devices.get(str(person), "")


def remember_device(request: HttpRequest, response: HttpResponse, person: User) -> None:
    """Let the device prove at the next sign-in that `person` signed in with it; several people may share a phone."""
    devices = _devices(request)
    own = devices.pop(str(person.pk), "") or secrets.token_urlsafe(12)
    latest = dict([*devices.items(), (str(person.pk), own)][-PEOPLE_ON_DEVICE:])
    response.set_cookie(
        COOKIE,
        signing.dumps(latest, salt=COOKIE),
        max_age=COOKIE_AGE,
        path=reverse("login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _devices(request: HttpRequest) -> dict[str, str]:
    """Return the ids of the device by the primary keys of the people who signed in with it."""
    try:
        devices: dict[str, str] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return {}
    return devices


def _refuse(attempt: SignInTry) -> None:
    """Raise `TooManyTriesError` where the failed tries besides `attempt` are too many for it."""
    now = timezone.now()
    lately, unknown = Q(tried_at__gt=now - LOCKED), Q(device="")
    own, at_address = Q(username=attempt.username), Q(address=attempt.address) & unknown
    pair = own & lately & (Q(device=attempt.device) if attempt.device else at_address)
    others = ~own & lately & at_address
    failed = SignInTry.objects.filter(own | at_address, signed_in=False, tried_at__gt=now - COUNTED)
    found = failed.exclude(pk=attempt.pk).aggregate(
        pair=Count("pk", filter=pair),
        pair_last=Max("tried_at", filter=pair),
        names=Count("username", distinct=True, filter=others),
        names_last=Max("tried_at", filter=others),
        person=Count("pk", filter=own & unknown),
        here_last=Max("tried_at", filter=own & at_address),
    )
    if found["pair"] >= TRIES:
        raise TooManyTriesError(_("The password was wrong too often."), found["pair_last"] + LOCKED)
    if attempt.device:
        return
    if found["names"] >= NAMES:
        text = _("Many people could not sign in from this internet connection.")
        raise TooManyTriesError(text, found["names_last"] + LOCKED)
    waits = found["person"] - FREE_TRIES
    if waits < 0 or found["here_last"] is None:
        return
    until = found["here_last"] + min(LONGEST_WAIT, timedelta(seconds=2 ** min(waits, 20)))
    if until > now:
        raise TooManyTriesError(_("Somebody tried many wrong passwords with this name."), until)


def _network(address: str | None) -> str | None:
    """Return the address that counts: whoever has one of IPv6 has all those of its network.

    A server that listens on both writes an address of IPv4 as one of IPv6, `::ffff:203.0.113.7`: that is one alone.
    """
    if address is None:
        return None
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False)[0])


def _duration(seconds: int) -> str:
    if seconds < 60:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    minutes = -(-seconds // 60)
    return ngettext("%d minute", "%d minutes", minutes) % minutes
