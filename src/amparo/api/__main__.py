"""Writes the OpenAPI description: `python -m amparo.api > docs/openapi.json`."""

import os
import sys

import django


def main() -> None:
    """To standard output, and nothing else."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.settings")
    django.setup()
    from amparo.api import description, site

    sys.stdout.write(description.text_of(site.api.get_openapi_schema()))


if __name__ == "__main__":
    main()
