from django.db import migrations, models

import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0004_the_auditor_has_an_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="keyword",
            field=models.BinaryField(db_index=True, max_length=32, null=True),
        ),
        migrations.CreateModel(
            name="Silence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("case", models.UUIDField(db_index=True)),
                ("number", models.BinaryField(db_index=True, max_length=32)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="one_silence")
                ],
            },
        ),
    ]
