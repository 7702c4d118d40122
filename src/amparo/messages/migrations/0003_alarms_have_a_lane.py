import django.db.models.deletion
from django.db import migrations, models

import amparo.foundation.clock
import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("messages", "0002_one_notice_for_each_route_and_one_every_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ringing",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("origin", models.UUIDField(db_index=True)),
                ("idem", models.UUIDField()),
                ("sealed", models.BinaryField(default=b"")),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "due_at",
                    models.DateTimeField(db_index=True, default=amparo.foundation.clock.now),
                ),
                (
                    "route",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, to="messages.route"
                    ),
                ),
            ],
        ),
    ]
