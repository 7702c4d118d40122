"""All that somebody holds is listed from one index, without a look at the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0002_teams_are_found_among_many_defenders"),
    ]

    operations = [
        migrations.AlterField(
            model_name="grant",
            name="grantee",
            field=models.UUIDField(),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(
                fields=["grantee", "compartment", "case", "epoch", "until"], name="held_by"
            ),
        ),
    ]
