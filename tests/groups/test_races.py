"""Several people write to one group at the same moment, with real commits."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from groups import services
from groups.models import Group, Member
from tests.factories import FOUNDED, facilitator_of, first_tuesdays, make_group, make_user


def at_once(work: Callable[[int], Any], times: int = 8) -> list[Any]:
    def run(number: int) -> Any:
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


@pytest.mark.usefixtures("committed_db")
def test_members_registered_at_once_get_different_numbers():
    group = make_group()

    def register(number: int) -> Member:
        member = Member(name=f"Siti {number}", gender="P", joined_on=FOUNDED)
        return services.member_register(actor=facilitator_of(group), group=group, member=member)

    assert sorted(member.number for member in at_once(register)) == list(range(1, 9))


@pytest.mark.usefixtures("committed_db")
def test_one_form_sent_many_times_at_once_is_one_group():
    actor, key = make_user(), uuid.uuid4()

    def register(_number: int) -> Group:
        group = Group(name="Mawar", founded_on=FOUNDED, key=key)
        return services.group_register(actor=actor, group=group, rhythm=first_tuesdays())

    assert len({group.pk for group in at_once(register)}) == 1
    assert Group.objects.count() == 1
