"""Fixtures shared by all tests, and what happens to tests whose outside program is missing."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.test.client import store_rendered_templates
from django.utils import translation

from tests.pristine import Pristine, pristine

PROGRAMS = {"browser": ("chromium", "chromium-browser", "google-chrome"), "hledger": ("hledger",)}
"""For each marker the programs of which one must be there."""


def program(marker: str) -> str | None:
    """Return the path of the program that tests with `marker` need."""
    return next(filter(None, map(shutil.which, PROGRAMS[marker])), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose program is not on this machine; with CI set they stay, and fail for want of it."""
    if os.environ.get("CI"):
        return
    missing = {marker for marker in PROGRAMS if program(marker) is None}
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in missing)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """What is loaded by now stays; going through it for garbage again and again takes a twentieth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """With CI set, a skipped test is a failed one: nothing may be passed over unseen."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """The same for a module that skips itself while it is collected."""
    report = yield
    if os.environ.get("CI") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are English, as the tests quote them, until a request brings its own language."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session", autouse=True)
def one_context() -> Iterator[None]:
    """The test client keeps the context of a page, not a copy for each of the hundreds of templates in a sheet."""

    def keep_first(store: dict[str, Any], signal: Any, sender: Any, **rendered: Any) -> None:
        if "context" not in store:
            store_rendered_templates(store, signal, sender, **rendered)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.client.store_rendered_templates", keep_first)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[Pristine]:
    """The database of pytest-django, which is put back as it was made where it would be flushed."""
    with django_db_blocker.unblock(), pristine() as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: made.restore())
        with django_db_blocker.block():
            yield made


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """A database with real commits, for threads, races and browsers; not in a module that uses `module_db`."""
    assert not connection.in_atomic_block


@pytest.fixture(scope="module")
def committed_module(django_db_setup: Pristine, django_db_blocker: Any) -> Iterator[None]:
    """The same for fixtures of a module whose tests only read; each test asks for `committed_db` as well."""
    with django_db_blocker.unblock(), django_db_setup.shared():
        yield


@pytest.fixture(scope="module")
def module_db(django_db_setup: Pristine, django_db_blocker: Any) -> Iterator[None]:
    """A database for fixtures of a module: what they make is there for each of its tests, which leave nothing behind.

    The tests run in a savepoint of this transaction. They read what is made here anew, and commit nothing.
    """
    with django_db_blocker.unblock(), translation.override("en"), transaction.atomic():
        yield
        transaction.set_rollback(True)
