from django.db import migrations, models

import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("case", models.UUIDField(unique=True)),
                ("due_at", models.DateTimeField(db_index=True)),
                ("late", models.PositiveSmallIntegerField(default=0)),
                ("sealed", models.BinaryField()),
            ],
        ),
    ]
