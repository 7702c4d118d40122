from django.db import migrations, models

import amparo.foundation.clock
import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("messages", "0004_trial_mode_ends_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="Number",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("origin", models.UUIDField(db_index=True)),
                ("number", models.BinaryField(db_index=True, max_length=32)),
                ("sealed", models.BinaryField()),
                ("until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Stranger",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(default=amparo.foundation.clock.today, unique=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="ringing",
            name="handed",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="ringing",
            name="lane",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="ringing",
            name="reference",
            field=models.BinaryField(db_index=True, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="ringing",
            name="state",
            field=models.CharField(default="waiting", max_length=10),
        ),
    ]
