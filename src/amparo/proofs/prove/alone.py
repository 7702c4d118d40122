"""Runs one proof in a process and a data folder of its own: `python -m amparo.proofs.prove.alone P02`.

The parent has set the environment; here the tables are made, the proof is run, and the last line of
standard output is what it found.
"""

import os
import sys
import traceback


def main(id_: str) -> int:
    """Run it; 0 even when a promise is broken, for that stands in what was found."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amparo.settings")
    os.umask(0o077)
    import django

    django.setup()
    import amparo.proofs.prove.every  # noqa: F401 (this registers the proofs)
    from amparo.proofs.prove.found import PROOFS, Found

    if id_ == "rows":
        from amparo.proofs.prove.matrix import say_rows

        say_rows()
        return 0
    try:
        found = PROOFS[id_]()
    except Exception as error:
        # A proof that breaks down has shown nothing.
        traceback.print_exc()
        found = Found(breaches=[f"the proof broke down: {type(error).__name__}: {error}"])
    print(found.to_json(), flush=True)
    return 0


if __name__ == "__main__":
    # Not `exit`: a child of a proof may have left threads behind.
    code = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
