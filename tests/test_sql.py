"""SQL stays at home: a string of SQL names the tables of its own app only, and types no value that an enum has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import TextChoices

ROOT = Path(__file__).resolve().parent.parent
APPS = ("groups", "finance", "meetings", "assessment", "kelompok")
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|WHERE|CASE WHEN)\b")
OWNERS = {
    model._meta.db_table: model._meta.app_label
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in APPS
}
TABLE = re.compile(rf"\b({'|'.join(sorted(OWNERS, key=len, reverse=True))})\b")


def choices(parent: type) -> set[type]:
    return {parent} | {child for one in parent.__subclasses__() for child in choices(one)}


VALUES = {value for one in choices(TextChoices) - {TextChoices} for value in one.values if value}
VALUE = re.compile(rf"'({'|'.join(sorted(VALUES))})'")


def python_files() -> list[Path]:
    found = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts and path.name != "triggers.py"]


def docstrings(tree: ast.AST) -> set[ast.AST]:
    """Strings that are statements of their own: they explain, and run nowhere."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def texts(source: str) -> list[str]:
    """Every string of a file; what an f-string takes in stands as {}."""
    tree = ast.parse(source)
    left_out = docstrings(tree)
    inside: set[ast.AST] = set()
    found: list[str] = []
    for node in ast.walk(tree):
        if node in left_out or node in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            inside.update(node.values)
            found.append("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def problems(source: str, app: str) -> list[str]:
    """Tables of other apps, and typed values of enums, in the SQL of a file."""
    of_sql = [text for text in texts(source) if SQL.search(text)]
    strangers = {table for text in of_sql for table in TABLE.findall(text) if OWNERS[table] != app}
    typed = {value for text in of_sql for value in VALUE.findall(text)}
    return sorted(strangers) + sorted(f"'{value}'" for value in typed)


WRITTEN_BY_HAND = re.compile(r"SELECT |RawSQL|cursor\(")
MODULES_WITH_SQL = {
    "assessment/triggers.py", "finance/ledger/sql.py", "finance/ledger/triggers.py", "finance/ledger/verify.py",
    "finance/selectors/book_lines.py", "finance/selectors/loan_positions.py", "finance/selectors/relations.py",
    "groups/selectors/relations.py", "groups/shared/integrity.py", "groups/shared/sql.py",
    "groups/shared/triggers.py", "kelompok/demo/copies.py", "meetings/selectors/relations.py",
}  # fmt: skip


def test_sql_is_written_by_hand_in_few_modules():
    # Metrics and signals are an expression over a named relation each. Elsewhere a query is Django's, or a relation.
    paths = [path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py")]
    looked_at = [path for path in paths if not {"migrations", "metrics", "signals"} & set(path.parts)]
    found = {path.as_posix() for path in looked_at if WRITTEN_BY_HAND.search((ROOT / path).read_text("utf-8"))}
    assert found == MODULES_WITH_SQL


def test_sql_names_tables_of_its_own_app_and_no_value_of_an_enum():
    broken = {
        str(path.relative_to(ROOT)): found
        for path in python_files()
        if (found := problems(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parts[0]))
    }
    assert broken == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = "SELECT 1 FROM meetings_meeting"', ["meetings_meeting"]),
        ('x = f"SELECT {x} FROM finance_loan JOIN groups_member m"', ["groups_member"]),
        ('x = f"""WITH a AS (SELECT 1 FROM groups_group) {x}"""', ["groups_group"]),
        ("x = \"SELECT 1 FROM finance_loan WHERE kind = 'LOAN'\"", ["'LOAN'"]),
        ("x = \"CASE WHEN status = 'CLOSED' THEN 1 END\"", ["'CLOSED'"]),
        ("x = f\"SELECT 1 FROM finance_loan WHERE kind = '{AccountKind.LOAN}'\"", []),
        ('x = "SELECT 1 FROM finance_loan"', []),
        ('x = "meetings_meeting"', []),
        ('def f():\n    """SELECT FROM meetings_meeting is what this avoids."""', []),
    ],
)
def test_what_the_rule_sees(source, found):
    assert problems(source, "finance") == found
