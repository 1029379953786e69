"""Publishing, retiring and copying instruments."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from assessment import instruments
from assessment.models import Gate, Indicator, Instrument, InstrumentStatus, Level, SchemeUse, StageRule
from groups.models import User
from groups.permissions import Capability, require
from groups.shared.clock import now


@transaction.atomic
def instrument_publish(*, actor: User, instrument: Instrument) -> None:
    """Freeze a draft and let it score; see `instruments.publish`."""
    _require_owner(actor, instrument)
    instruments.publish(instrument)


def instrument_edit(*, actor: User, instrument: Instrument) -> None:
    """Let a draft be edited in this transaction: it is not published meanwhile. Raises `ValidationError`."""
    _require_owner(actor, instrument)
    if not instruments.lock_versions(instrument).is_draft:
        raise ValidationError(_("A published version stays as it is."))


@transaction.atomic
def instrument_retire(*, actor: User, instrument: Instrument) -> None:
    """Let a published instrument score nobody any more; old assessments keep pointing at it.

    Raises `ValidationError` while groups are scored by its scheme and no other published version could take over.
    """
    _require_owner(actor, instrument)
    instrument = instruments.lock_versions(instrument)
    if instrument.status != InstrumentStatus.PUBLISHED:
        raise ValidationError(_("Only a published instrument can be retired."))
    of_scheme = Instrument.objects.filter(code=instrument.code, status=InstrumentStatus.PUBLISHED)
    others = of_scheme.filter(Q(organisation=instrument.organisation_id) | Q(organisation__isnull=True))
    used = SchemeUse.objects.filter(scheme=instrument.code)
    if instrument.organisation_id is not None:
        used = used.filter(organisation=instrument.organisation_id)
    is_used = instrument.code == instruments.DEFAULT_SCHEME or used.exists()
    if is_used and not others.exclude(pk=instrument.pk).exists():
        raise ValidationError(_("Groups are scored by it, and no other version is published."))
    instruments.retire(Instrument.objects.filter(pk=instrument.pk), at=now())


@transaction.atomic
def instrument_copy(*, actor: User, instrument: Instrument) -> Instrument:
    """Copy an instrument to a new draft version of the actor's organisation, or a shared one for a superuser.

    Where the last draft says what the instrument says, as after a second press, that one is returned.
    """
    require(actor, Capability.CONFIGURE)
    instrument = instruments.lock_versions(instrument)
    organisation = None if actor.is_superuser and instrument.organisation is None else actor.organisation
    if instrument.organisation is not None:
        _require_owner(actor, instrument)
        organisation = instrument.organisation
    versions = Instrument.objects.filter(organisation=organisation, code=instrument.code)
    last_draft = versions.filter(status=InstrumentStatus.DRAFT).exclude(pk=instrument.pk).order_by("version").last()
    if last_draft is not None and _said(last_draft) == _said(instrument):
        return last_draft
    copy = Instrument.objects.create(
        organisation=organisation,
        code=instrument.code,
        version=max(versions.aggregate(last=Max("version"))["last"] or 0, instrument.version) + 1,
        **{name: getattr(instrument, name) for name in _OWN},
    )
    copied: dict[int, Indicator] = {}
    for indicator in instrument.indicators.prefetch_related("levels"):
        old, levels = indicator.pk, list(indicator.levels.all())
        copied[old] = _clone(indicator, instrument=copy)
        for level in levels:
            _clone(level, indicator=copied[old])
    for rule in instrument.rules.prefetch_related("gates"):
        gates: list[Gate] = list(rule.gates.all())
        new_rule: StageRule = _clone(rule, instrument=copy)
        for gate in gates:
            _clone(gate, rule=new_rule, indicator=copied[gate.indicator_id])
    return copy


_OWN = ("name_id", "name_en", "source", "is_official", "issuer", "valid_months")
"""What an instrument says of itself, beside its parts."""


def _said(instrument: Instrument) -> list[object]:
    """Return what an instrument says beside its version, to compare two of them."""
    indicators = instrument.indicators.order_by("number")
    gates = Gate.objects.filter(rule__instrument=instrument).order_by("rule__rank", "indicator__number")
    own = {"id", "instrument_id", "indicator_id"}
    levels = Level.objects.filter(indicator__instrument=instrument).order_by("indicator__number", "threshold")
    parts = [indicators, instrument.rules.order_by("rank"), levels.annotate(of=F("indicator__code"))]
    return [
        *(getattr(instrument, name) for name in _OWN),
        *([{name: value for name, value in row.items() if name not in own} for row in part.values()] for part in parts),
        list(gates.values_list("rule__stage", "indicator__code", "minimum_points")),
    ]


def _require_owner(actor: User, instrument: Instrument) -> None:
    require(actor, Capability.CONFIGURE)
    if not actor.is_superuser and instrument.organisation_id != actor.organisation_id:
        raise ValidationError(_("This instrument belongs to somebody else."))


def _clone(row: Any, **changes: Any) -> Any:
    row.pk = None
    row._state.adding = True
    row._prefetched_objects_cache = {}
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row
