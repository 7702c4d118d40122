"""The list of all that somebody holds leaves out a purpose without a look at the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0004_visits_that_were_left"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="grant",
            name="held_by",
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(
                fields=["grantee", "compartment", "case", "epoch", "until", "purpose"],
                name="held_by",
            ),
        ),
    ]
