"""An erasure waits for a second person, and whose case was taken is told so."""

from django.db import migrations, models

import amparo.foundation.clock
import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0002_lists_are_walked_in_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("case", models.UUIDField(unique=True)),
                ("compartment", models.CharField(default="cover", max_length=20)),
                ("by", models.UUIDField()),
                ("until", models.DateField()),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="TakenOver",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("case", models.UUIDField(db_index=True)),
                ("person", models.UUIDField(db_index=True)),
                ("day", models.DateField(default=amparo.foundation.clock.today)),
            ],
        ),
    ]
