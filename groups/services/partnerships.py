"""A group looks for a partner in five steps, agrees with it in writing, and records what they do together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.models import (
    Aspect,
    Group,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipAspect,
    PartnershipCandidate,
    PartnershipDocument,
    PartnershipStep,
    StepNumber,
    User,
)
from groups.permissions import Capability, lock_group
from groups.selectors.partnerships import partner_of, steps_done
from groups.services.profiles import form_used, refuse_changed
from groups.shared.clock import refuse_to_come, today_of

PARTNERSHIP = ("title", "started_on")
PARTNERSHIP_STEP = ("number", "due_on", "done_on", "text", "partner_id")
AGREEMENT = (
    "partner_id", "pattern", "number", "agreed_on", "place", "starts_on", "ends_on", "group_rights", "group_duties",
    "partner_rights", "partner_duties", "rules", "partner_signer", "partner_office", "kept_at",
)  # fmt: skip
DOCUMENT = ("title", "number", "dated_on", "kept_at")
PARTNER_ACTIVITY = ("partner_id", "partnership_id", "held_on", "kind", "aspect", "what", "result", "value")
"""The fields of each record that a form sends."""

Record = TypeVar("Record", Partnership, PartnershipStep, PartnershipAgreement, PartnershipDocument, PartnerActivity)


@transaction.atomic
def partnership_begin(*, actor: User, group: Group, partnership: Partnership) -> Partnership:
    """Record an unsaved partnership that a group wants; the same key twice is one.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a day outside the group's life.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if earlier := _sent_before(group, partnership, PARTNERSHIP):
        return earlier
    _require_day(group, partnership.started_on, field="started_on")
    return _save(actor, group, partnership)


@transaction.atomic
def partnership_close(*, actor: User, partnership: Partnership, closed_on: date, why: str) -> Partnership:
    """Close a partnership from which nothing more is expected; a second closing changes nothing.

    Raises `ValidationError` for a day to come, one before it began or before an activity, and while an agreement is in
    force.
    """
    group = lock_group(actor, Capability.RECORD, partnership.group)
    partnership = Partnership.objects.get(pk=partnership.pk)
    if partnership.closed_on is not None:
        return partnership
    refuse_to_come(closed_on, today_of(group), at="closed_on")
    if closed_on < partnership.started_on:
        raise ValidationError({"closed_on": _("It was begun after this date.")})
    last = partnership.activities.filter(withdrawn_at__isnull=True).order_by("-held_on").first()
    if last is not None and closed_on < last.held_on:
        raise ValidationError({"closed_on": _("There was an activity on %s.") % date_format(last.held_on)})
    if partnership.agreements.effective(closed_on).exists():
        raise ValidationError({"closed_on": _("An agreement is in force on this date. End it first.")})
    partnership.closed_on, partnership.closed_why, partnership.closed_by = closed_on, why, actor
    partnership.save(update_fields=["closed_on", "closed_why", "closed_by"])
    return partnership


@transaction.atomic
def partnership_step(
    *,
    actor: User,
    partnership: Partnership,
    step: PartnershipStep,
    aspects: Sequence[tuple[Aspect, str]] = (),
    candidates: Sequence[tuple[Partner, str]] = (),
) -> PartnershipStep:
    """Plan an unsaved step, or write down that it is done; what was recorded of it before stays readable.

    `aspects` of the second step come the most urgent first, each with what is needed; `candidates` of the third with
    how each fits. Raises `ValidationError` for a day that does not fit the other steps or the partnership, for a
    step done without what it is about, and for a partner who is no candidate.
    """
    group = lock_group(actor, Capability.RECORD, partnership.group)
    partnership = Partnership.objects.get(pk=partnership.pk)
    step.partnership = partnership
    if earlier := _sent_before(group, step, PARTNERSHIP_STEP):
        if _details(earlier) != ([(a, need) for a, need in aspects], [(p.pk, fits) for p, fits in candidates]):
            raise form_used(earlier)
        return earlier
    _require_open(partnership)
    if step.done_on is not None:
        _require_day(group, step.done_on, field="done_on")
        _check_step(partnership, step, aspects, candidates)
    _require_same_organisation(group, [partner for partner, _fits in candidates], field="candidate_1")
    if step.partner is not None:
        _require_same_organisation(group, [step.partner], field="partner")
    step = _save(actor, group, step)
    PartnershipAspect.objects.bulk_create(
        PartnershipAspect(group=group, step=step, aspect=aspect, priority=priority, need=need)
        for priority, (aspect, need) in enumerate(aspects, start=1)
    )
    PartnershipCandidate.objects.bulk_create(
        PartnershipCandidate(group=group, step=step, partner=partner, fits=fits) for partner, fits in candidates
    )
    return step


@transaction.atomic
def agreement_sign(*, actor: User, partnership: Partnership, agreement: PartnershipAgreement) -> PartnershipAgreement:
    """Record an unsaved agreement with a partner; the fifth step is done by it. The same key twice is one.

    Raises `ValidationError` for a day outside the group's life or before the partnership, and for another partner than
    the one that was agreed with at the fourth step.
    """
    group = lock_group(actor, Capability.RECORD, partnership.group)
    partnership = Partnership.objects.get(pk=partnership.pk)
    agreement.partnership = partnership
    if earlier := _sent_before(group, agreement, AGREEMENT):
        return earlier
    _require_open(partnership)
    _require_day(group, agreement.agreed_on, field="agreed_on")
    if agreement.agreed_on < partnership.started_on:
        raise ValidationError({"agreed_on": _("It was begun after this date.")})
    _require_same_organisation(group, [agreement.partner], field="partner")
    chosen = partner_of(partnership)
    if chosen is not None and chosen != agreement.partner:
        raise ValidationError({"partner": _("The group agreed with %s at the fourth step.") % chosen})
    return _save(actor, group, agreement)


@transaction.atomic
def agreement_end(*, actor: User, agreement: PartnershipAgreement, ended_on: date, why: str) -> PartnershipAgreement:
    """End an agreement before its last day, from `ended_on` on; a second end changes nothing.

    Raises `ValidationError` for a day to come, and for one outside the time it counts.
    """
    group = lock_group(actor, Capability.RECORD, agreement.group)
    agreement = PartnershipAgreement.objects.get(pk=agreement.pk)
    if agreement.ended_on is not None or agreement.withdrawn_at is not None:
        return agreement
    refuse_to_come(ended_on, today_of(group), at="ended_on")
    if not agreement.starts_on <= ended_on <= (agreement.ends_on or date.max):
        raise ValidationError({"ended_on": _("The agreement does not count on this date.")})
    agreement.ended_on, agreement.ended_why, agreement.ended_by = ended_on, why, actor
    agreement.save(update_fields=["ended_on", "ended_why", "ended_by"])
    return agreement


@transaction.atomic
def partnership_document_add(
    *, actor: User, partnership: Partnership, document: PartnershipDocument
) -> PartnershipDocument:
    """Record an unsaved paper of a partnership and where it is kept; the same key twice is one."""
    group = lock_group(actor, Capability.RECORD, partnership.group)
    document.partnership = partnership
    if earlier := _sent_before(group, document, DOCUMENT):
        return earlier
    refuse_to_come(document.dated_on, today_of(group), at="dated_on")
    return _save(actor, group, document)


@transaction.atomic
def partner_activity_record(*, actor: User, group: Group, activity: PartnerActivity) -> PartnerActivity:
    """Record an unsaved activity with somebody outside; the same key twice is one.

    Raises `ValidationError` for a day outside the group's life or after its partnership was closed, and for a partner
    that is not the one of the partnership.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if earlier := _sent_before(group, activity, PARTNER_ACTIVITY):
        return earlier
    _require_day(group, activity.held_on, field="held_on")
    _require_same_organisation(group, [activity.partner], field="partner")
    partnership = activity.partnership
    if partnership is not None:
        if partnership.group_id != group.pk:
            raise ValidationError({"partnership": _("This belongs to another group.")})
        if partnership.closed_on is not None and activity.held_on > partnership.closed_on:
            message = _("This partnership was closed on %s.") % date_format(partnership.closed_on)
            raise ValidationError({"partnership": message})
        chosen = partner_of(partnership)
        if chosen is not None and chosen != activity.partner:
            raise ValidationError({"partner": _("This partnership is with %s.") % chosen})
    return _save(actor, group, activity)


@transaction.atomic
def partnership_record_withdraw(
    *, actor: User, record: PartnershipAgreement | PartnershipDocument | PartnerActivity, why: str
) -> None:
    """Take back an agreement, a document or an activity recorded by mistake; it stays readable.

    Withdrawn twice is withdrawn once.
    """
    lock_group(actor, Capability.RECORD, record.group)
    record.refresh_from_db()
    record.withdraw(actor, why)


def _sent_before(group: Group, record: Record, fields: Sequence[str]) -> Record | None:
    """Return what the same form made before; raise `FormUsed` if it says something else now."""
    model = type(record)
    earlier = model._default_manager.filter(group=group, key=record.key).first()
    if earlier is not None:
        refuse_changed(earlier, record, fields)
    return earlier


def _save(actor: User, group: Group, record: Record) -> Record:
    record.group, record.recorded_by = group, actor
    record.full_clean()
    record.save()
    return record


def _require_day(group: Group, on: date, *, field: str) -> None:
    """Refuse a day to come, one before the group and one after its end."""
    refuse_to_come(on, today_of(group), at=field)
    if on < group.founded_on:
        raise ValidationError({field: _("The group did not exist yet on this date.")})
    require_alive(group, on, field=field)


def _require_open(partnership: Partnership) -> None:
    if partnership.closed_on is not None:
        raise ValidationError(_("This partnership was closed on %s.") % date_format(partnership.closed_on))


def _require_same_organisation(group: Group, partners: Iterable[Partner], *, field: str) -> None:
    if any(partner.organisation_id != group.organisation_id for partner in partners):
        raise ValidationError({field: _("This partner belongs to another organisation.")})


def _check_step(
    partnership: Partnership,
    step: PartnershipStep,
    aspects: Sequence[tuple[Aspect, str]],
    candidates: Sequence[tuple[Partner, str]],
) -> None:
    """Refuse a step that is done without what it is about, or not in the order of the steps."""
    on = step.done_on
    assert on is not None, "a planned step is not checked"
    done = steps_done(partnership)
    if on < partnership.started_on:
        raise ValidationError({"done_on": _("It was begun after this date.")})
    for other in done.values():
        assert other.done_on is not None, "it is done"
        if other.number < step.number and on < other.done_on:
            message = _("Step %(number)d was done on %(day)s, after this date.")
            raise ValidationError({"done_on": message % {"number": other.number, "day": date_format(other.done_on)}})
    number = StepNumber(step.number)
    if number == StepNumber.LACKS and not step.text.strip():
        raise ValidationError({"text": _("Write what the group lacks.")})
    if number == StepNumber.ASPECTS and not aspects:
        raise ValidationError(_("Choose at least one aspect."))
    if number == StepNumber.CANDIDATES and not candidates:
        raise ValidationError({"candidate_1": _("Choose at least one partner.")})
    if number == StepNumber.CONSENT:
        named = done.get(StepNumber.CANDIDATES)
        if step.partner is None:
            raise ValidationError({"partner": _("Choose the partner that agreed.")})
        if named is not None and not named.candidates.filter(partner=step.partner).exists():
            raise ValidationError({"partner": _("This partner is none of the candidates of the third step.")})
    if number == StepNumber.WRITTEN:
        raise ValidationError(_("The fifth step is done when the agreement is recorded."))


def _details(step: PartnershipStep) -> tuple[list[tuple[str, str]], list[tuple[int, str]]]:
    """Return the aspects and the candidates of a recorded step, as they were sent."""
    return (
        list(step.aspects.order_by("priority").values_list("aspect", "need")),
        list(step.candidates.order_by("pk").values_list("partner_id", "fits")),
    )
