"""The whole life of money on a phone: one loan from the request to its recovery, a year, a closed period."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from finance.ledger.verify import mismatches
from finance.models import AccountKind, Entry, Loan
from groups.models import Group
from meetings.models import Meeting
from tests.factories import facilitator_of, make_group, make_members, make_officer, save

pytestmark = pytest.mark.browser


def officers_of_three(**given) -> Group:
    """A group founded two years before this one, of three members, who hold its three offices."""
    group = make_group(name="Mawar", founded_on=date(timezone.localdate().year - 2, 1, 7), **given)
    for member, role in zip(make_members(group, 3), ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=True):
        make_officer(member, role)
    return group


def at_work(visit, group):
    """The site on a phone, in English as the tests quote it, with the group's facilitator signed in."""
    site = visit()
    site.open(reverse("login"))
    site.press("English")
    site.sign_in(facilitator_of(group).username)
    return site


def go(site, name, group, *args):
    """Open a page of the group, which must fit the screen."""
    site.open(reverse(name, args=[group.code, *args]))
    assert not site.scrolls_sideways(), f"{name}: {site.widest()}"


def cash(site, group):
    """The closing balance that the cash book shows; the ledger has the same."""
    go(site, "cash-book", group)
    closing = site.page.locator("tbody tr", has_text="closing balance").locator("td").last
    amount = int("".join(filter(str.isdigit, closing.inner_text())))
    assert amount == group.accounts.get(kind=AccountKind.CASH).balance
    return amount


def meet(site, group, on, **fields):
    """Record a meeting at which everybody is present, and close it."""
    go(site, "meeting-new", group)
    for summary in ("Loans decided and paid out today", "Other money in and out"):
        site.page.locator("details > summary", has_text=summary).click()
    # Sent before the sheet is that of the day, it comes back to be looked at.
    site.page.locator("[name=held_on]").evaluate("field => { field.dataset.before = 'yes'; }")
    site.fill(held_on=on.isoformat())
    site.page.locator("[name=held_on]").dispatch_event("change")
    site.page.locator("[name=held_on]:not([data-before])").wait_for()
    site.page.click("button[value=present]")
    site.fill(place="Balai desa", **fields)
    site.page.locator("button[name=action][value=check]").click()
    site.page.locator("button[name=action][value=close]:visible").click()
    site.page.get_by_text("The meeting is closed and its money is in the books.").wait_for()
    assert "The meeting is closed and its money is in the books." in site.text


def test_one_loan_from_the_request_to_its_recovery(visit, committed_db):
    group = officers_of_three(rules={"wajib": 0, "loan_due": "DAY"})
    borrower, second, third = group.members.order_by("number")
    for member in (borrower, second, third):
        save(member, 2_000_000, on=group.founded_on)
    today = timezone.localdate()
    asked, paid_out, first_due = (today - timedelta(days) for days in (145, 140, 110))
    site = at_work(visit, group)

    go(site, "loan-request-new", group)
    site.fill(member=borrower.pk, amount="1.500.000", periods=12, purpose="bibit", on=asked.isoformat())
    site.press("Write the request down")
    assert "The request is written down." in site.text
    site.follow("Decide")
    site.fill(decision="approve", amount="1.200.000", on=asked.isoformat(), in_meeting=True)
    site.press("Record the decision")
    assert "The request is approved." in site.text
    request = group.loan_requests.get()
    meet(site, group, paid_out, **{"loans-0-request": request.pk, "loans-0-first_due": first_due.isoformat()})
    site.follow("Loan 1")
    assert site.fact("Outstanding principal") == "Rp 1.200.000"
    assert "Asked for Rp 1.500.000" in site.text
    assert "Approved in a meeting" in site.text
    assert cash(site, group) == 4_800_000

    go(site, "loan-pay", group, 1)
    assert site.fact("Due by today, fines included") == "Rp 472.000"
    site.fill(on=first_due.isoformat(), how="amount", amount="118.000")
    site.press("Record the payment")
    assert "The payment is in the books." in site.text
    assert site.fact("Outstanding principal") == "Rp 1.100.000"
    assert "Rp 354.000 is late" in site.text
    assert cash(site, group) == 4_918_000

    go(site, "health", group)
    assert site.fact("Arrears") == "Rp 354.000"
    assert "Rp 354.000" in site.page.locator("tr", has_text="61–90").inner_text().replace("\xa0", " ")

    go(site, "loan", group, 1)
    site.follow("Cover arrears (tanggung renteng)")
    site.press("Show what it does")
    assert "Nothing is posted yet." in site.text
    assert site.text.count("Rp 177.000") == 2
    site.press("Post it")
    assert "The arrears are covered." in site.text
    assert site.fact("Outstanding principal") == "Rp 800.000"
    assert "is late" not in site.text
    assert cash(site, group) == 4_918_000
    go(site, "member", group, borrower.pk)
    assert "Owes other members Rp 354.000" in site.text

    go(site, "loan-reschedule", group, 1)
    site.fill(periods=4, percent="1", reason="gagal panen")
    site.press("Reschedule")
    assert "this is the loan that takes its place" in site.text
    assert (site.fact("Principal"), site.fact("Instalments")) == ("Rp 800.000", "4")
    assert site.fact("In place of") == "Loan 1"
    go(site, "loan", group, 1)
    assert (site.fact("Principal"), site.fact("Instalments")) == ("Rp 1.200.000", "12")
    assert (site.fact("Status"), site.fact("Outstanding principal")) == ("rescheduled", "Rp 0")
    assert "gagal panen" in site.text

    site.follow("Loan 2 took its place.")
    site.follow("Write off")
    site.fill(reason="pindah")
    site.press("Write off")
    assert (site.fact("Status"), site.fact("Not repaid at the end")) == ("written off", "Rp 800.000")
    assert cash(site, group) == 4_918_000

    go(site, "loan", group, 2)
    site.follow("Recover")
    site.fill(amount="50.000")
    site.press("Record the money")
    assert "The money is in the books." in site.text
    assert site.fact("Recovered since") == "Rp 50.000"
    assert cash(site, group) == 4_968_000
    assert Loan.objects.filter(group=group).count() == 2
    assert list(mismatches()) == []


def test_a_year_from_opening_balances_to_the_share_out_and_a_new_cycle(visit, committed_db):
    group = officers_of_three()
    saver = group.members.first()
    today = timezone.localdate()
    last_year = today.year - 1
    site = at_work(visit, group)

    go(site, "opening", group)
    site.fill(on=f"{last_year - 1}-12-31", cash="500.000", **{f"m{saver.pk}-wajib": "300.000"})
    site.press("Post the opening balances")
    assert site.fact("Difference") == "Rp 200.000"
    assert "The group has more than is explained" in site.text
    assert not Entry.objects.filter(group=group).exists()
    site.fill(capital="200.000")
    site.press("Check")
    assert "It balances." in site.text
    site.press("Post the opening balances")
    assert "The opening balances are in the books." in site.text
    assert cash(site, group) == 500_000

    sale = {"other-0-kind": "INCOME", "other-0-amount": "90.000", "other-0-memo": "jual telur"}
    for month in (6, 12):
        meet(site, group, date(last_year, month, 3), **sale)
    assert cash(site, group) == 740_000

    go(site, "surplus", group)
    assert "Surplus: income less expenses Rp 180.000" in " ".join(site.text.split())
    site.follow("Preview the division")
    site.fill(note="rapat anggota tahunan")
    site.press("Write down the decision")
    assert "Nothing is posted yet." in site.text
    site.follow("Post")
    site.fill(paid_to="CASH")
    site.press("Post")
    assert "Print the list and let the members sign." in site.text
    site.page.emulate_media(media="print")
    assert site.page.get_by_role("columnheader", name="Signature").is_visible()
    assert "Siti 3" in site.text
    site.page.emulate_media(media="screen")
    # 40 % by savings; the 20 % by borrowing go to the reserve, for nobody borrowed.
    assert cash(site, group) == 668_000

    go(site, "share-out", group)
    assert site.fact("Paid to the members, in cash") == "Rp 668.000"
    site.follow("Go on to post it")
    site.fill(note="rapat akhir siklus")
    site.press("Post the share-out")
    assert "Everything is returned." in site.text
    assert cash(site, group) == 0
    go(site, "books", group)
    amounts = site.page.locator("dd").all_inner_texts()
    assert {amount.replace("\xa0", " ") for amount in amounts} == {"Rp 0", "0"}

    meet(site, group, today)
    assert cash(site, group) == 30_000
    go(site, "balance-sheet", group)
    assert "Rp 30.000" in site.text
    assert list(mismatches()) == []


def test_a_meeting_of_a_closed_period_is_corrected_in_the_open_one(visit, committed_db):
    group = officers_of_three()
    saver = group.members.first()
    today = timezone.localdate()
    closed = today.replace(day=1) - timedelta(days=1)
    first_open = closed + timedelta(days=1)
    site = at_work(visit, group)
    meet(site, group, closed - timedelta(days=3))

    go(site, "periods", group)
    site.fill(aware=True)
    site.press("Close the period")
    assert f"The books are closed through {date_format(closed)}." in site.text

    number = Meeting.objects.get(group=group).number
    go(site, "meeting-correct", group, number)
    site.fill(**{f"m{saver.pk}-wajib": "15.000"}, reason="salah hitung")
    site.page.get_by_role("button", name="See what changes", exact=True).click()
    site.page.locator("#changes").wait_for()
    assert "15.000" in site.page.inner_text("#changes")
    site.page.get_by_role("button", name="Correct the meeting", exact=True).click()
    site.page.get_by_text("Both versions stay readable.").wait_for()
    assert site.fact("Date") == date_format(closed - timedelta(days=3))
    assert site.fact("Voucher number").endswith(f"dated {date_format(first_open)}")

    for entry in (2, 3):
        go(site, "entry", group, entry)
        assert site.fact("Date") == date_format(first_open)
    go(site, "entry", group, 2)
    assert "Reversal of entry 1" in site.text
    go(site, "meeting-version", group, number, 1)
    assert "This version was replaced by a correction." in site.text
    assert cash(site, group) == 35_000
    site.follow("Month before")
    assert "Rp 30.000" in site.text
    assert list(mismatches()) == []
