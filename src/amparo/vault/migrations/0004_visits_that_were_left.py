"""Every process knows which visits were left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0003_what_somebody_holds_is_listed_from_one_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Left",
            fields=[
                ("find", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
