"""Who asks, when a proxy is in front."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the address that the trusted proxy saw, the last of `X-Forwarded-For`; without one, that of the peer.

    Anybody can write what is before the last. None off the web.
    """
    peer: str | None = request.META.get("REMOTE_ADDR")
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.TRUST_PROXY else ""
    try:
        return str(ip_address(seen.rpartition(",")[2].strip()))
    except ValueError:
        return peer
