"""What members owe besides loans: wajib by meeting and by month, pokok in parts, what is let go; and its pages."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from datetime import date, timedelta
from io import StringIO
from random import Random

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse as url
from django.utils import timezone

from finance import services
from finance.ledger.errors import AlreadyDone, AlreadyPosted, NotAllowed, RuleBroken
from finance.models import Account, Obligation, Waiver
from finance.rules.dues import Due, unpaid, wajib_dues
from finance.selectors.owed import owed, owed_rows, wajib_asked
from groups.models import Constitution, Member, Role
from groups.selectors import meeting_calendar
from groups.shared.money import rupiah
from meetings.models import Meeting
from meetings.sheet.context import read_sheet
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_member, make_user, repay, reverse, save
from tests.finance.pages import get, signed_in, statements
from tests.finance.test_obligations import charge
from tests.meetings.pages import post_sheet

pytestmark = pytest.mark.django_db

MEETINGS = [date(2025, 1, 7), date(2025, 2, 4), date(2025, 3, 4), date(2025, 4, 1), date(2025, 5, 6), date(2025, 6, 3)]
"""The first Tuesdays on which the groups of these tests agreed to meet."""
DAY = timedelta(1)
ASKED = {"missed_wajib": "ASKED"}


def rules(**fields):
    return Constitution(**{"wajib": 10_000, **fields})


def dues(rules_on, start=MEETINGS[0], end=date(2025, 3, 31), meetings=MEETINGS):
    found = wajib_dues(rules_on, meetings, start=start, end=end)
    return found.since, [(due.on, due.amount) for due in found.dues]


class TestDues:
    """Pure: what fell due by the rules of each day."""

    def test_by_meeting_it_is_due_on_each_agreed_day(self):
        assert dues(lambda _day: rules())[1] == [(day, 10_000) for day in MEETINGS[:3]]

    def test_by_meeting_nothing_is_due_in_a_month_without_one(self):
        agreed = [date(2025, 1, 7), date(2025, 3, 4)]
        assert dues(lambda _day: rules(), meetings=agreed)[1] == [(day, 10_000) for day in agreed]

    def test_by_month_it_is_due_at_the_first_meeting_and_without_one_on_the_last_day(self):
        agreed = [date(2025, 1, 10), date(2025, 1, 24), date(2025, 3, 14)]
        found = dues(lambda _day: rules(wajib_every="MONTH"), start=date(2025, 1, 1), meetings=agreed)[1]
        assert [day for day, _amount in found] == [date(2025, 1, 10), date(2025, 2, 28), date(2025, 3, 14)]

    def test_each_day_has_its_rules(self):
        changed = date(2025, 2, 10)
        found = dues(lambda day: rules(wajib=5_000) if day < changed else rules())[1]
        assert [amount for _day, amount in found] == [5_000, 5_000, 10_000]

    def test_before_the_first_rules_nothing_is_due(self):
        assert dues(lambda day: rules() if day >= date(2025, 3, 1) else None)[1] == [(MEETINGS[2], 10_000)]

    def test_what_is_let_go_is_settled_for_good(self):
        changed = date(2025, 2, 10)
        let_go_first = dues(lambda day: rules(missed_wajib="LET_GO" if day < changed else "ASKED"))
        assert let_go_first == (date(2025, 2, 5), [(MEETINGS[2], 10_000)])
        let_go_last = dues(lambda day: rules(missed_wajib="ASKED" if day < changed else "LET_GO"))
        assert let_go_last[1] == []

    def test_nothing_is_due_after_the_day(self):
        assert dues(lambda _day: rules(), end=MEETINGS[1] - DAY)[1] == [(MEETINGS[0], 10_000)]

    def test_what_was_paid_goes_to_the_oldest(self):
        found = unpaid([Due(day, 10_000) for day in MEETINGS[:3]], 15_000)
        assert found == [Due(MEETINGS[1], 5_000), Due(MEETINGS[2], 10_000)]
        assert unpaid([Due(MEETINGS[0], 10_000)], 30_000) == []


def group_of(count=2, **agreed):
    """A group whose books begin on the day it was founded, the day of its first meeting."""
    group = make_group(rules={**ASKED, **agreed})
    members = [make_member(group) for _ in range(count)]
    save(members[-1], 1_000)
    return group, *members


def bring(member, amount, on, kind="WAJIB"):
    save(member, amount, kind=kind, on=on)


def owes(member, as_of):
    found = owed(member.group, as_of=as_of).get(member.pk)
    return (found.wajib, found.pokok) if found else (0, 0)


class TestWajib:
    """By meeting or by month, owed also when no meeting was held."""

    def test_it_is_owed_when_the_agreed_day_is_over_held_or_not(self):
        _group, siti, _budi = group_of()
        days = [MEETINGS[0], MEETINGS[0] + DAY, MEETINGS[1], MEETINGS[1] + DAY, MEETINGS[2] + DAY]
        assert [owes(siti, day)[0] for day in days] == [0, 10_000, 10_000, 20_000, 30_000]

    def test_what_is_paid_is_owed_no_more_and_what_was_owed_before_stays(self):
        _group, siti, _budi = group_of()
        bring(siti, 10_000, MEETINGS[0])
        bring(siti, 20_000, MEETINGS[2])
        assert [owes(siti, day + DAY)[0] for day in MEETINGS[:4]] == [0, 10_000, 0, 10_000]
        assert owed(siti.group, as_of=MEETINGS[1] + DAY)[siti.pk].since == MEETINGS[1]

    def test_a_payment_undone_is_owed_again(self):
        group, siti, _budi = group_of()
        entry = services.savings_deposit(
            actor=facilitator_of(group), group=group, member=siti, kind="WAJIB", amount=10_000, on=MEETINGS[0],
            key=uuid.uuid4(),
        )  # fmt: skip
        assert owes(siti, MEETINGS[0] + DAY)[0] == 0
        reverse(entry)
        assert owes(siti, MEETINGS[0] + DAY)[0] == 10_000

    def test_by_month_a_month_without_a_meeting_is_owed_too(self):
        _group, siti, _budi = group_of(wajib_every="MONTH")
        bring(siti, 10_000, MEETINGS[0])
        assert owes(siti, date(2025, 3, 31))[0] == 20_000

    def test_who_joined_later_owes_from_then_on_and_who_left_nothing(self):
        group, *_members = group_of()
        late = make_member(group, joined_on=MEETINGS[1] + DAY)
        assert owes(late, MEETINGS[2] + DAY)[0] == 10_000
        late.left_on = MEETINGS[2] + DAY
        late.save()
        assert owes(late, MEETINGS[3])[0] == 0

    def test_let_go_by_the_rules_is_not_owed(self):
        _group, siti, _budi = group_of(missed_wajib="LET_GO")
        assert owes(siti, MEETINGS[3])[0] == 0

    def test_nothing_is_owed_before_the_books_begin(self):
        group = make_group(rules=ASKED)
        siti = make_member(group)
        assert owes(siti, MEETINGS[3])[0] == 0
        bring(siti, 10_000, MEETINGS[2])
        assert owes(siti, MEETINGS[3] + DAY)[0] == 10_000

    def test_taking_savings_out_is_not_missing_them(self):
        group, siti, _budi = group_of()
        bring(siti, 10_000, MEETINGS[0])
        services.member_settle(actor=facilitator_of(group), group=group, member=siti, on=MEETINGS[0], key=uuid.uuid4())
        assert owes(siti, MEETINGS[0] + DAY)[0] == 0


class TestOnTheDayOfAMeeting:
    """What is due at a meeting is missed when the meeting is recorded, or its day is over."""

    @pytest.fixture(params=["MEETING", "MONTH"])
    def siti(self, request):
        """A member who never paid, of a group that meets once a month."""
        _group, siti, _budi = group_of(wajib_every=request.param)
        return siti

    def hold(self, group, held_on, **fields):
        data = {"held_on": held_on, "m1_attendance": "EXCUSED", "m1_wajib": "", **fields}
        assert post_sheet(signed_in(facilitator_of(group)), group, **data).status_code == 302

    def test_before_the_meeting_is_recorded_only_what_was_due_before_is_missed(self, siti):
        assert [owes(siti, day)[0] for day in (MEETINGS[1], MEETINGS[1] + DAY)] == [10_000, 20_000]
        assert wajib_asked(siti.group, held_on=MEETINGS[1])[siti.pk].total == 20_000

    def test_once_the_meeting_is_recorded_what_was_not_brought_is_missed(self, siti):
        self.hold(siti.group, MEETINGS[1])
        assert [owes(siti, day)[0] for day in (MEETINGS[1], MEETINGS[1] + DAY)] == [20_000, 20_000]

    def test_a_draft_is_not_a_meeting_yet(self, siti):
        self.hold(siti.group, MEETINGS[1], action="draft")
        assert Meeting.objects.get().held_on == MEETINGS[1]
        assert owes(siti, MEETINGS[1])[0] == 10_000

    def test_a_meeting_without_money_is_recorded_as_well(self, siti):
        self.hold(siti.group, MEETINGS[1], m2_attendance="EXCUSED", m2_wajib="")
        assert Meeting.objects.get().entry is None
        assert owes(siti, MEETINGS[1])[0] == 20_000

    @pytest.mark.parametrize(("days", "missed"), [(-1, 20_000), (1, 10_000)])
    def test_a_meeting_held_near_the_day_counts_for_it_from_then_on(self, siti, days, missed):
        self.hold(siti.group, MEETINGS[1] + days * DAY)
        assert [owes(siti, day)[0] for day in (MEETINGS[1], MEETINGS[1] + DAY)] == [missed, 20_000]

    def test_the_meeting_before_does_not_count_for_it(self, siti):
        self.hold(siti.group, MEETINGS[0])
        assert [owes(siti, day)[0] for day in (MEETINGS[0], MEETINGS[1])] == [10_000, 10_000]

    def test_a_month_without_a_meeting_is_missed_on_its_last_day(self):
        group = make_group(rules={**ASKED, "wajib_every": "MONTH"}, rhythm={"every": "DAYS", "days": 60})
        siti = make_member(group)
        save(siti, 1_000)
        last = date(2025, 2, 28)
        assert not meeting_calendar(group).expected(date(2025, 2, 1), last)
        assert [owes(siti, day)[0] for day in (last - DAY, last)] == [10_000, 20_000]

    def test_all_pages_say_the_same(self):
        today = timezone.localdate()
        group = make_group(rules=ASKED, rhythm={"every": "WEEK", "weekday": today.weekday()})
        siti, budi = make_member(group), make_member(group)
        save(budi, 1_000, on=today - 7 * DAY)
        bring(budi, 20_000, today - 7 * DAY)
        (form, _other) = get(group, "meeting-new").context["sheet"].members
        assert form.wajib_missed == 10_000
        assert set(self.said(group, siti, today)) == {10_000}
        self.hold(group, today, m2_wajib="")
        assert set(self.said(group, siti, today)) == {20_000}

    def said(self, group, member, today):
        """What the member's own page, passbook, group page, list and statement say that the member owes."""
        yield get(group, "member-owed", member.pk).context["owing"].total
        yield get(group, "member", member.pk).context["owing"].total
        yield get(group, "group").context["owed_total"]
        rows = get(group, "owed").context["table"].rows
        yield next(row for row in rows if row.cells[0] == member.number).cells[-1]
        out = StringIO()
        call_command("statement", group=group.code, as_of=today, json=True, stdout=out)
        (row,) = [row for row in json.loads(out.getvalue())["members"] if row["number"] == member.number]
        yield row["owed"]


class TestPokok:
    """Paid in parts."""

    def test_what_is_left_is_owed_since_joining(self):
        _group, siti, _budi = group_of(pokok=50_000, wajib=0)
        bring(siti, 20_000, MEETINGS[1], kind="POKOK")
        assert [owes(siti, day)[1] for day in MEETINGS[:2]] == [50_000, 30_000]
        assert owed(siti.group, as_of=MEETINGS[1])[siti.pk].since == siti.joined_on
        bring(siti, 30_000, MEETINGS[2], kind="POKOK")
        assert owes(siti, MEETINGS[2])[1] == 0


def waive(member, kind="WAJIB", on=MEETINGS[1] + DAY, reason="sakit", **fields):
    return services.savings_waive(
        **{
            "actor": facilitator_of(member.group), "group": member.group, "member": member, "kind": kind,
            "reason": reason, "on": on, "key": uuid.uuid4(), **fields,
        }
    )  # fmt: skip


def waive_fine(member, fine, on=MEETINGS[1], **fields):
    return services.fine_waive(
        **{"actor": facilitator_of(member.group), "group": member.group, "fine": fine.pk, "reason": "janda", "on": on,
           "key": uuid.uuid4(), **fields}
    )  # fmt: skip


class TestWaiving:
    """With a reason, from a day on; no money moves."""

    def test_wajib_is_let_go_as_it_is_owed_on_the_day(self):
        _group, siti, budi = group_of()
        assert waive(siti).amount == 20_000
        assert [owes(siti, day + DAY)[0] for day in MEETINGS[:3]] == [10_000, 0, 10_000]
        assert owes(budi, MEETINGS[1] + DAY)[0] == 20_000

    def test_pokok_is_let_go_and_not_asked_for(self):
        _group, siti, _budi = group_of(pokok=50_000)
        bring(siti, 20_000, MEETINGS[0], kind="POKOK")
        assert waive(siti, "POKOK").amount == 30_000
        assert owes(siti, MEETINGS[1] + DAY)[1] == 0

    def test_what_is_not_owed_cannot_be_let_go(self):
        _group, siti, _budi = group_of()
        with pytest.raises(RuleBroken, match="Nothing of this is owed"):
            waive(siti, "POKOK")
        waive(siti)
        with pytest.raises(RuleBroken, match="Nothing of this is owed"):
            waive(siti)
        assert Waiver.objects.count() == 1

    def test_sent_twice_is_let_go_once(self):
        _group, siti, _budi = group_of()
        key = uuid.uuid4()
        waive(siti, key=key)
        with pytest.raises(AlreadyPosted):
            waive(siti, on=MEETINGS[3], key=key)

    def test_a_fine_is_let_go_as_far_as_it_is_not_paid(self):
        group, siti, _budi = group_of(wajib=0)
        fine = charge(siti, 5_000, on=MEETINGS[0])
        services.fine_pay(
            actor=facilitator_of(group), group=group, member=siti, amount=2_000, reason="", on=MEETINGS[0],
            key=uuid.uuid4(),
        )  # fmt: skip
        waive_fine(siti, fine)
        owing = [owed(group, as_of=day).get(siti.pk) for day in (MEETINGS[0], MEETINGS[1] - DAY, MEETINGS[1])]
        assert [found.fine if found else 0 for found in owing] == [3_000, 3_000, 0]
        assert Account.objects.get(group=group, kind="FINE").balance == 2_000

    def test_a_fine_is_let_go_once_and_not_before_it_was_set(self):
        group, siti, _budi = group_of()
        fine = charge(siti, 5_000, on=MEETINGS[1])
        with pytest.raises(RuleBroken, match="owed since"):
            waive_fine(siti, fine, on=MEETINGS[1] - DAY)
        waive_fine(siti, fine)
        with pytest.raises(AlreadyDone):
            waive_fine(siti, fine)
        paid = charge(siti, 1_000, on=MEETINGS[1])
        services.fine_pay(
            actor=facilitator_of(group), group=group, member=siti, amount=1_000, reason="", on=MEETINGS[1],
            key=uuid.uuid4(),
        )  # fmt: skip
        with pytest.raises(NotAllowed, match="Nothing is owed"):
            waive_fine(siti, paid)

    def test_only_who_records_lets_go_or_sets_a_fine(self):
        group, siti, _budi = group_of()
        stranger = make_user(Role.FACILITATOR)
        with pytest.raises(PermissionDenied):
            waive(siti, actor=stranger)
        with pytest.raises(PermissionDenied):
            waive_fine(siti, charge(siti, 1_000), actor=stranger)
        with pytest.raises(PermissionDenied):
            services.fine_charge(
                actor=stranger, group=group, member=siti, amount=1, reason="x", on=MEETINGS[0], key=uuid.uuid4()
            )

    @pytest.mark.parametrize(
        ("rule", "fields"),
        [("waiver_amount", {"amount": 0}), ("waiver_kind", {"kind": "SUKARELA"}), ("waiver_why", {"why": ""})],
    )
    def test_the_database_refuses_what_cannot_be(self, rule, fields):
        group, siti, _budi = group_of()
        usual = {"kind": "WAJIB", "amount": 1, "why": "sakit", "waived_on": FOUNDED, "key": uuid.uuid4()}
        row = Waiver(group=group, member=siti, recorded_by=facilitator_of(group), **(usual | fields))
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            row.save()


def take_back(member, waiver, on=MEETINGS[2], reason="keliru", **fields):
    return services.waiver_take_back(
        **{"actor": facilitator_of(member.group), "group": member.group, "waiver": waiver.pk, "reason": reason,
           "on": on, **fields}
    )  # fmt: skip


class TestTakingBack:
    """What was let go is owed again from a day on; before it, it was let go."""

    def test_a_fine_is_owed_again_from_that_day_on_and_paid(self):
        group, siti, _budi = group_of(wajib=0)
        waiver = waive_fine(siti, charge(siti, 5_000, on=MEETINGS[0]))
        take_back(siti, waiver)
        owing = [owed(group, as_of=day).get(siti.pk) for day in (MEETINGS[0], MEETINGS[1], *MEETINGS[2:4])]
        assert [found.fine if found else 0 for found in owing] == [5_000, 0, 5_000, 5_000]
        assert owing[3].since == MEETINGS[2]
        services.fine_pay(
            actor=facilitator_of(group), group=group, member=siti, amount=5_000, reason="", on=MEETINGS[3],
            key=uuid.uuid4(),
        )  # fmt: skip
        assert siti.pk not in owed(group, as_of=MEETINGS[3])

    def test_a_payment_undone_since_is_owed_whether_the_rest_is_waived_or_not(self):
        group, siti, _budi = group_of(wajib=0)
        fine = charge(siti, 5_000, on=MEETINGS[0])
        paid = services.fine_pay(
            actor=facilitator_of(group), group=group, member=siti, amount=2_000, reason="", on=MEETINGS[0],
            key=uuid.uuid4(),
        )  # fmt: skip
        waiver = waive_fine(siti, fine)
        assert siti.pk not in owed(group, as_of=MEETINGS[1])
        reverse(paid)
        assert [owed(group, as_of=day)[siti.pk].fine for day in MEETINGS[:2]] == [5_000, 2_000]
        with pytest.raises(NotAllowed, match="Take that back first"):
            waive_fine(siti, fine, on=MEETINGS[2])
        take_back(siti, waiver)
        assert owed(group, as_of=MEETINGS[2])[siti.pk].fine == 5_000
        assert waive_fine(siti, fine, on=MEETINGS[2]).amount == 5_000

    def test_a_sheet_asks_for_the_fine_again_from_that_day_on(self):
        group, siti, _budi = group_of(wajib=0)
        take_back(siti, waive_fine(siti, charge(siti, 5_000, on=MEETINGS[0])))
        asked = [read_sheet(group=group, held_on=day).fines_owed(siti) for day in MEETINGS[1:4]]
        assert asked == [0, 5_000, 5_000]

    def test_a_fine_is_let_go_again_after_that(self):
        group, siti, _budi = group_of(wajib=0)
        fine = charge(siti, 5_000, on=MEETINGS[0])
        take_back(siti, waive_fine(siti, fine))
        with pytest.raises(RuleBroken, match="owed since"):
            waive_fine(siti, fine, on=MEETINGS[1])
        take_back(siti, waive_fine(siti, fine, on=MEETINGS[3]), on=MEETINGS[3])
        waive_fine(siti, fine, on=MEETINGS[4])
        owing = [owed(group, as_of=day).get(siti.pk) for day in MEETINGS[:5]]
        assert [bool(found) for found in owing] == [True, False, True, True, False]

    @pytest.mark.parametrize("kind", ["WAJIB", "POKOK"])
    def test_savings_are_owed_again_from_that_day_on(self, kind):
        _group, siti, _budi = group_of(pokok=50_000)
        waiver = waive(siti, kind)
        before = owes(siti, MEETINGS[2])
        take_back(siti, waiver)
        after = owes(siti, MEETINGS[2])
        gained = [new - old for new, old in zip(after, before, strict=True)]
        assert gained == ([20_000, 0] if kind == "WAJIB" else [0, 50_000])
        assert owes(siti, MEETINGS[1] + DAY)[kind == "POKOK"] == 0

    def test_once_and_not_before_it_was_let_go(self):
        group, siti, _budi = group_of()
        waiver = waive(siti)
        with pytest.raises(RuleBroken, match="let go on"):
            take_back(siti, waiver, on=MEETINGS[0])
        with pytest.raises(PermissionDenied):
            take_back(siti, waiver, actor=make_user(Role.FACILITATOR))
        take_back(siti, waiver)
        with pytest.raises(AlreadyDone):
            take_back(siti, waiver)
        assert Waiver.objects.get(group=group).ended_on == MEETINGS[2]

    def test_not_of_a_fine_that_never_was(self):
        _group, siti, _budi = group_of()
        fine = charge(siti, 5_000, on=MEETINGS[0])
        waiver = waive_fine(siti, fine)
        Obligation.objects.filter(pk=fine.pk).update(cancelled_at=timezone.now())
        with pytest.raises(NotAllowed, match="as if it had never been"):
            take_back(siti, waiver)

    def test_the_database_takes_a_fine_of_the_member_only_and_once(self):
        group, siti, budi = group_of()
        other, waived = (charge(siti, 5_000, on=MEETINGS[0]) for _ in range(2))
        waive_fine(siti, waived)
        for rule, member, fine in (
            ("waiver_of_its_member", budi, other), ("(waiver_of_fine_once|UNIQUE)", siti, waived),
        ):  # fmt: skip
            row = Waiver(
                group=group, member=member, kind="FINE", obligation=fine, amount=1, why="x",
                waived_on=MEETINGS[1], key=uuid.uuid4(), recorded_by=facilitator_of(group),
            )  # fmt: skip
            with pytest.raises(IntegrityError, match=rule), transaction.atomic():
                row.save()

    def test_on_its_page(self):
        group, siti, _budi = group_of(wajib=0)
        fine = charge(siti, 5_000, on=MEETINGS[0])
        waiver = waive_fine(siti, fine)
        client = signed_in(facilitator_of(group))
        owed_page = url("member-owed", args=[group.code, siti.pk])
        page = url("waiver-take-back", args=[group.code, waiver.pk])
        assert page in client.get(owed_page).content.decode()
        data = {"key": uuid.uuid4(), "on": MEETINGS[2].isoformat(), "reason": "ternyata sanggup"}
        early = client.post(page, data | {"on": MEETINGS[0].isoformat()})
        assert (early.status_code, list(early.context["form"].errors)) == (422, ["on"])
        assert client.post(page, data).url == owed_page
        content = client.get(owed_page).content.decode()
        assert "ternyata sanggup" in content
        assert page not in content
        assert owed(group, as_of=MEETINGS[2])[siti.pk].fine == 5_000


class TestOfWhoLeft:
    """A fine that is owed again by somebody who left is paid, or let go."""

    @pytest.fixture
    def left(self):
        _group, siti, _budi = group_of(wajib=0)
        charge(siti, 5_000, on=MEETINGS[0])
        reverse(self.pay(siti, MEETINGS[1]))
        Member.objects.filter(pk=siti.pk).update(left_on=MEETINGS[2])
        siti.refresh_from_db()
        return siti

    def pay(self, member, on):
        return services.fine_pay(
            actor=facilitator_of(member.group), group=member.group, member=member, amount=5_000, reason="", on=on,
            key=uuid.uuid4(),
        )  # fmt: skip

    def test_it_is_on_the_list_and_the_page_of_the_member_leads_to_both(self, left):
        client = signed_in(facilitator_of(left.group))
        assert [member for member, _owed in owed_rows(left.group, as_of=MEETINGS[4])] == [left]
        content = client.get(url("member", args=[left.group.code, left.pk])).content.decode()
        assert url("member-owed", args=[left.group.code, left.pk]) in content
        assert url("fine-charge", args=[left.group.code, left.pk]) not in content
        page = url("money-record", args=[left.group.code]) + f"?kind=FINE&member={left.pk}"
        assert page.replace("&", "&amp;") in content
        form = client.get(page).context["form"]
        assert (form["kind"].value(), form["member"].value()) == ("FINE", str(left.pk))

    def test_it_is_paid_on_its_page(self, left):
        client = signed_in(facilitator_of(left.group))
        data = {
            "key": uuid.uuid4(), "on": MEETINGS[4], "kind": "FINE", "member": left.pk, "amount": "5.000",
            "memo": "denda",
        }  # fmt: skip
        assert client.post(url("money-record", args=[left.group.code]), data).status_code == 302
        assert owed(left.group, as_of=MEETINGS[4]) == {}
        assert Obligation.objects.count() == 1
        with pytest.raises(NotAllowed, match="left the group"):
            self.pay(left, MEETINGS[4])

    def test_it_is_let_go_on_its_page(self, left):
        client = signed_in(facilitator_of(left.group))
        (line,) = owed(left.group, as_of=MEETINGS[4])[left.pk].lines
        data = {"key": uuid.uuid4(), "on": MEETINGS[4], "what": line.key, "reason": "pindah"}
        assert client.post(url("member-owed", args=[left.group.code, left.pk]), data).status_code == 302
        assert owed(left.group, as_of=MEETINGS[4]) == {}


class TestOfAnEndedLoan:
    """A fine for a late instalment is asked for with the loan while it runs, and paid by itself afterwards."""

    LINK = "kind=FINE&amp;member="

    @pytest.fixture
    def fined(self):
        _group, siti, _budi = group_of(wajib=0)
        save(siti, 5_000_000)
        loan = lend(siti, 12_000, 1, fine_late_instalment=5_000)
        repay(loan, 1_000, on=date(2025, 3, 5))
        return loan

    def page(self, loan, name):
        client = signed_in(facilitator_of(loan.group))
        pk = loan.member.pk if name == "member" else loan.number
        return client.get(url(name, args=[loan.group.code, pk])).content.decode()

    @pytest.mark.parametrize("name", ["member", "loan"])
    def test_while_it_runs_it_is_paid_with_the_loan(self, fined, name):
        assert self.LINK not in self.page(fined, name)

    @pytest.mark.parametrize("name", ["member", "loan"])
    def test_afterwards_the_page_leads_to_paying_it(self, fined, name):
        services.loan_write_off(
            actor=facilitator_of(fined.group), group=fined.group, loan=fined, reason="pindah", on=date(2025, 3, 6),
            key=uuid.uuid4(),
        )  # fmt: skip
        assert f"{self.LINK}{fined.member.pk}" in self.page(fined, name)
        services.fine_pay(
            actor=facilitator_of(fined.group), group=fined.group, member=fined.member, amount=5_000, reason="",
            on=date(2025, 3, 7), key=uuid.uuid4(),
        )  # fmt: skip
        assert owed(fined.group, as_of=date(2025, 3, 7)) == {}
        assert self.LINK not in self.page(fined, name)


class TestAsked:
    """What the sheet of a meeting asks for."""

    def test_by_meeting_its_own_and_what_was_missed(self):
        group, siti, budi = group_of()
        bring(budi, 10_000, MEETINGS[0])
        assert wajib_asked(group, held_on=MEETINGS[1]) == {siti.pk: (20_000, 10_000), budi.pk: (10_000, 0)}

    def test_a_meeting_held_some_days_late_asks_for_its_own_once(self):
        group, siti, _budi = group_of()
        bring(siti, 10_000, MEETINGS[0])
        asked = [wajib_asked(group, held_on=MEETINGS[1] + DAY * days)[siti.pk] for days in (-3, 0, 3)]
        assert asked == [(10_000, 0)] * 3

    @pytest.mark.parametrize("missed_wajib", ["ASKED", "LET_GO"])
    def test_a_second_meeting_for_one_day_asks_for_nothing_that_was_brought(self, missed_wajib):
        group, siti, budi = group_of(missed_wajib=missed_wajib)
        bring(siti, 10_000, MEETINGS[0])
        bring(budi, 10_000, MEETINGS[0])
        bring(siti, 10_000, MEETINGS[1] - 10 * DAY)  # it stands for the same day, half way the later one
        bring(budi, 4_000, MEETINGS[1] - 10 * DAY)
        assert wajib_asked(group, held_on=MEETINGS[1]) == {siti.pk: (0, 0), budi.pk: (6_000, 0)}
        assert wajib_asked(group, held_on=MEETINGS[2])[siti.pk] == (10_000, 0)

    def test_what_the_meeting_itself_brought_is_asked_for_where_it_is_opened_again(self):
        group, siti, _budi = group_of()
        bring(siti, 10_000, MEETINGS[0])
        bring(siti, 10_000, MEETINGS[1])
        assert wajib_asked(group, held_on=MEETINGS[1])[siti.pk] == (10_000, 0)

    def test_what_is_let_go_is_not_asked_for(self):
        group, siti, _budi = group_of(missed_wajib="LET_GO")
        assert wajib_asked(group, held_on=MEETINGS[3])[siti.pk] == (10_000, 0)

    def test_by_month_what_is_left_of_the_months(self):
        group, siti, budi = group_of(wajib_every="MONTH")
        bring(siti, 10_000, MEETINGS[0])
        bring(siti, 10_000, MEETINGS[1])
        asked = wajib_asked(group, held_on=MEETINGS[1] + DAY)
        assert asked == {siti.pk: (0, 0), budi.pk: (20_000, 10_000)}

    def test_by_month_it_is_missed_after_the_first_meeting_of_the_month_alone(self):
        group, siti, _budi = group_of(wajib_every="MONTH")
        asked = [wajib_asked(group, held_on=MEETINGS[0] + DAY * days)[siti.pk] for days in (0, 3, 20)]
        assert asked == [(10_000, 0), (10_000, 0), (10_000, 10_000)]

    def test_by_month_and_let_go_only_what_is_left_of_this_one(self):
        group, siti, budi = group_of(wajib_every="MONTH", missed_wajib="LET_GO")
        bring(siti, 4_000, MEETINGS[1])
        assert wajib_asked(group, held_on=MEETINGS[1] + DAY) == {siti.pk: (6_000, 0), budi.pk: (10_000, 0)}

    def test_the_sheet_is_prefilled_with_it_and_says_so(self):
        group, siti, budi = group_of(pokok=50_000)
        client, today = signed_in(facilitator_of(group)), timezone.localdate()
        waive(budi, "POKOK", on=today)
        charge(siti, 5_000)
        page = client.get(f"/g/{group.code}/meetings/new/")
        form, other = page.context["sheet"].members
        asked, missed = wajib_asked(group, held_on=today)[siti.pk]
        assert asked > 20 * 10_000
        assert form["wajib"].value() == f"{asked:,}".replace(",", ".")
        assert (form["pokok"].value(), form["fine"].value()) == ("50.000", "5.000")
        assert "pokok" not in other.fields
        content = page.content.decode()
        assert f"/g/{group.code}/members/{siti.pk}/owed/" in content
        assert f"wajib {rupiah(missed)}" in content

    def test_the_sheet_says_nothing_where_nothing_is_owed(self):
        group, *_members = group_of(missed_wajib="LET_GO")
        page = signed_in(facilitator_of(group)).get(f"/g/{group.code}/meetings/new/")
        assert "Owed from before" not in page.content.decode()

    def test_catching_up_is_savings_and_not_regularity_of_the_missed_meeting(self):
        group, _siti, _budi = group_of()
        client = signed_in(facilitator_of(group))
        post_sheet(client, group, held_on=MEETINGS[1], m1_attendance="EXCUSED", m1_wajib="")
        post_sheet(client, group, held_on=MEETINGS[2], m1_wajib="30.000", m2_wajib="20.000")
        assert list(Meeting.objects.order_by("held_on").values_list("saver_count", flat=True)) == [1, 2]
        assert owed(group, as_of=MEETINGS[2]) == {}

    def test_who_paid_the_month_before_saved_regularly_at_its_other_meetings(self):
        group, siti, _budi = group_of(wajib_every="MONTH")
        client = signed_in(facilitator_of(group))
        bring(siti, 10_000, MEETINGS[0])
        data = {"held_on": MEETINGS[0] + 7 * DAY, "m1_wajib": "", "m2_wajib": ""}
        assert post_sheet(client, group, **data).status_code == 302
        assert Meeting.objects.get().saver_count == 1


class TestPages:
    """Passbook, group, list and statement say the same."""

    @pytest.fixture
    def group(self):
        group, siti, _budi = group_of(pokok=50_000, wajib=0)
        bring(siti, 20_000, MEETINGS[0], kind="POKOK")
        charge(siti, 5_000, on=MEETINGS[1], memo="HP berbunyi")
        return group

    def test_the_statement_has_fines_wajib_and_pokok(self, group):
        out = StringIO()
        call_command("statement", group=group.code, as_of=MEETINGS[1], json=True, stdout=out)
        assert [row["owed"] for row in json.loads(out.getvalue())["members"]] == [35_000, 50_000]

    def test_the_list_says_who_owes_what_since_when(self, group):
        content = get(group, "owed", on=MEETINGS[1]).content.decode().replace("\xa0", " ")
        for text in ("Rp 5.000", "Rp 30.000", "Rp 35.000", "Rp 85.000", "Siti 1", "Siti 2"):
            assert text in content, text

    def test_the_passbook_says_what_is_owed_of_which_day(self, group):
        siti = group.members.get(number=1)
        content = get(group, "member", siti.pk, end=MEETINGS[1]).content.decode()
        assert "Fine (denda): HP berbunyi" in content
        before = get(group, "member", siti.pk, end=MEETINGS[1] - DAY).content.decode()
        assert "HP berbunyi" not in before
        assert "Initial savings (pokok)" in before

    def test_the_group_page_has_the_sum_and_who_owes(self, group):
        content = get(group, "group").content.decode().replace("\xa0", " ")
        assert "Owed by members besides loans: Rp 85.000" in " ".join(content.split())

    def test_statements_do_not_grow_with_the_members(self, group):
        few = [statements(group, name) for name in ("owed", "group")]
        for number in range(3, 12):
            charge(make_member(group, f"Ani {number}"), 1_000)
        assert [statements(group, name) for name in ("owed", "group")] == few
        assert len(owed_rows(group, as_of=MEETINGS[1])) == 11


class TestForms:
    """A fine is set, and what is owed let go, on pages of their own."""

    @pytest.fixture
    def siti(self):
        _group, siti, _budi = group_of(pokok=50_000)
        return siti

    def address(self, siti, page):
        return f"/g/{siti.group.code}/members/{siti.pk}/{page}/"

    def test_a_fine_is_set_once(self, siti):
        client, key = signed_in(facilitator_of(siti.group)), uuid.uuid4()
        data = {"key": key, "on": MEETINGS[1], "amount": "5.000", "reason": "HP berbunyi"}
        for _time in range(2):
            assert client.post(self.address(siti, "fine"), data).status_code == 302
        fine = Obligation.objects.get()
        assert (fine.amount, fine.owed_on, fine.memo, fine.kind) == (5_000, MEETINGS[1], "HP berbunyi", "OTHER")

    @pytest.mark.parametrize(
        ("fields", "field"), [({"amount": ""}, "amount"), ({"reason": ""}, "reason"), ({"on": "2024-01-01"}, "on")]
    )
    def test_what_is_missing_is_told(self, siti, fields, field):
        data = {"key": uuid.uuid4(), "on": MEETINGS[1], "amount": "5.000", "reason": "x", **fields}
        answer = signed_in(facilitator_of(siti.group)).post(self.address(siti, "fine"), data)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
        assert not Obligation.objects.exists()

    def test_one_thing_is_let_go(self, siti):
        client = signed_in(facilitator_of(siti.group))
        fine = charge(siti, 5_000)
        page = client.get(self.address(siti, "owed"))
        keys = [key for key, _label in page.context["form"].fields["what"].choices]
        assert keys == [f"fine-{fine.pk}", "WAJIB", "POKOK"]
        today = timezone.localdate()
        for key in keys:
            data = {"key": uuid.uuid4(), "on": today, "what": key, "reason": "janda"}
            assert client.post(self.address(siti, "owed"), data).status_code == 302
        assert siti.pk not in owed(siti.group, as_of=today)

    def test_the_fine_of_another_is_not_let_go_on_this_page(self, siti):
        fine = charge(siti.group.members.get(number=2), 5_000)
        data = {"key": uuid.uuid4(), "on": timezone.localdate(), "what": f"fine-{fine.pk}", "reason": "x"}
        answer = signed_in(facilitator_of(siti.group)).post(self.address(siti, "owed"), data)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["what"])

    def test_a_reason_is_needed(self, siti):
        data = {"key": uuid.uuid4(), "on": timezone.localdate(), "what": "WAJIB", "reason": ""}
        answer = signed_in(facilitator_of(siti.group)).post(self.address(siti, "owed"), data)
        assert list(answer.context["form"].errors) == ["reason"]
        assert not Waiver.objects.exists()


@pytest.mark.parametrize("seed", range(3))
def test_on_every_day_wajib_due_less_brought_and_waived_is_what_is_owed(seed):
    chance = Random(seed)
    group, *members = group_of(3, wajib_every=chance.choice(("MEETING", "MONTH")))
    end = date(2025, 9, 30)
    brought = {member.pk: [] for member in members}
    for _step in range(25):
        member, on = chance.choice(members), FOUNDED + DAY * chance.randrange(200)
        amount = chance.choice((1, 4_000, 10_000, 25_000))
        if chance.random() < 0.2:
            with suppress(RuleBroken):
                brought[member.pk].append((on, waive(member, on=on).amount))
            continue
        entry = services.savings_deposit(
            actor=facilitator_of(group), group=group, member=member, kind="WAJIB", amount=amount, on=on,
            key=uuid.uuid4(),
        )  # fmt: skip
        if chance.random() < 0.3:
            reverse(entry)
        else:
            brought[member.pk].append((on, amount))
    agreed = list(meeting_calendar(group).dates(FOUNDED, end))
    for as_of in (FOUNDED + DAY * days for days in range(0, 260, 5)):
        asked = 10_000 * sum(1 for day in agreed if day < as_of)
        for member in members:
            settled = sum(amount for on, amount in brought[member.pk] if on <= as_of)
            assert owes(member, as_of)[0] == max(0, asked - settled)
