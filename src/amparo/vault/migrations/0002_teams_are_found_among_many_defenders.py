"""Teams and the house are found among any number of defenders and cases."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="epoch",
            index=models.Index(fields=["compartment"], name="epochs_by_compartment"),
        ),
        migrations.AddIndex(
            model_name="principal",
            index=models.Index(fields=["kind", "code"], name="teams_by_code"),
        ),
    ]
