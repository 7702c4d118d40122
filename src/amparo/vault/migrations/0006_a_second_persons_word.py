"""A second person's word for a colleague, and for a seat in the group of two persons."""

from django.db import migrations, models

import amparo.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0005_what_somebody_holds_is_listed_with_its_purpose"),
    ]

    operations = [
        migrations.CreateModel(
            name="Second",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=amparo.foundation.ids.new, primary_key=True, serialize=False
                    ),
                ),
                ("person", models.UUIDField()),
                ("code", models.CharField(blank=True, max_length=20)),
                ("signer", models.UUIDField()),
                ("signature", models.BinaryField(max_length=64)),
                ("op", models.UUIDField(db_index=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "code", "signer"), name="one_second_word"
                    )
                ],
            },
        ),
    ]
