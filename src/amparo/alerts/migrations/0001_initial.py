import django.db.models.deletion
from django.db import migrations, models

import amparo.foundation.clock
import amparo.foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("case", models.UUIDField(db_index=True)),
                ("compartment", models.CharField(default="correspondence", max_length=20)),
                ("sealed", models.BinaryField()),
                ("kind", models.CharField(max_length=10)),
                ("tried", models.BooleanField(default=False)),
                ("armed", models.BinaryField(default=b"")),
                ("find", models.BinaryField(max_length=32, null=True, unique=True)),
                ("day", models.DateField(default=amparo.foundation.clock.today)),
            ],
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("press", models.UUIDField(unique=True)),
                ("plan", models.UUIDField(db_index=True)),
                ("case", models.UUIDField(db_index=True)),
                ("mode", models.CharField(default="actual", max_length=10)),
                ("state", models.CharField(default="open", max_length=10)),
                ("step", models.SmallIntegerField(default=-1)),
                ("due_at", models.DateTimeField(null=True)),
                ("ladder", models.BinaryField(default=b"")),
                ("desk", models.BinaryField(default=b"")),
                ("version", models.PositiveIntegerField(default=0)),
                ("day", models.DateField(default=amparo.foundation.clock.today)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at", "id"],
                        name="alarm_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("mode", "actual"), ("state__in", ("open", "answered"))),
                        fields=("plan",),
                        name="one_running_alarm",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Moment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.BinaryField()),
                (
                    "alarm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="alerts.alarm"
                    ),
                ),
            ],
        ),
    ]
