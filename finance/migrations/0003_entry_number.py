"""Entries get voucher numbers (nomor bukti): 1, 2, 3 … in each group, those there already in the order of recording.

The ledger's triggers forbid changing entries, and SQLite cannot rebuild a table that a trigger mentions. So they are
lifted here; every migrate puts them back when it is done (`finance.apps.install_guards`).
"""

from django.db import migrations, models


def lift_triggers(apps, schema_editor):
    """Drop the triggers that stand in the way: on SQLite all of them, for each may mention the table."""
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS finance_entry_no_update ON finance_entry")
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')


class Migration(migrations.Migration):
    dependencies = [("finance", "0002_initial")]

    operations = [
        migrations.RunPython(lift_triggers, migrations.RunPython.noop),
        migrations.AddField(
            model_name="entry",
            name="number",
            field=models.PositiveIntegerField(null=True, verbose_name="voucher number (nomor bukti)"),
        ),
        migrations.RunSQL(
            """
            UPDATE finance_entry SET number = numbered.place
            FROM (
                SELECT id, ROW_NUMBER() OVER (PARTITION BY group_id ORDER BY recorded_at, id) AS place
                FROM finance_entry
            ) AS numbered
            WHERE finance_entry.id = numbered.id
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="entry",
            name="number",
            field=models.PositiveIntegerField(verbose_name="voucher number (nomor bukti)"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("group", "number"), name="entry_number_once"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="entry_number"),
        ),
        migrations.RunPython(migrations.RunPython.noop, lift_triggers),
    ]
