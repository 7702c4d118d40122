"""Messages handed to an HTTP gateway in a second, beside apprise's async notify, in turns."""

import contextlib
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from amparo.proofs.bench import ground
from amparo.proofs.bench.figures import Figure
from amparo.proofs.bench.ground import Ground

LEAST = 8.0  # times what stands beside


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    ours: int = 20_000
    theirs: int = 2_000
    rounds: int = 5


SMALL = Scale(200, 20, 1)


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """A gateway that takes everything at once; its port."""
    program = [sys.executable, str(ground.beside("sink.py"))]
    process = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=30)


def write_gateway(made: Ground, port: int) -> None:
    """Have a ground's text messages go there."""
    table = f"[[gateway]]\nname = 'bench'\nurl = 'http://127.0.0.1:{port}/send'\nprivate = true\n"
    table += 'body = \'{"to": "{to}", "text": "{text}", "id": "{id}"}\'\n'
    (made.folder / "gateways.toml").write_text(table)


def run(*, small: bool = False) -> list[Figure]:
    """One figure."""
    scale = SMALL if small else Scale()
    python, program = ground.beside_python(), str(ground.beside("apprise_notify.py"))
    ours, theirs, said = [], [], {}
    with sink() as port, ground.fresh() as made:
        write_gateway(made, port)
        for turn in range(scale.rounds):
            ours.append(made.inside("hand_over", count=scale.ours))
            said = json.loads(ground.run([python, program, str(port), str(scale.theirs)]))
            theirs.append(said["per_second"])
            ground.say(f"handover: turn {turn + 1} of {scale.rounds}")
        raw = made.inside("hand_over_raw", count=scale.ours, port=port)
    median, beside = statistics.median(ours), statistics.median(theirs)
    settings = f"apprise {said['version']}, one object a recipient, no wait between requests, "
    settings += f"best of 0 (its own), 2, 8 and 32 threads: {said['threads']}"
    return [
        Figure(
            name="handover",
            what="messages a second to an HTTP gateway",
            ours={"per_second": median},
            beside={"apprise_per_second": beside},
            raw={"one_socket_that_does_nothing_else": raw, "ours_over_raw": median / raw},
            ratio=median / beside,
            better="higher",
            limit=LEAST,
            n=scale.rounds,
            conditions=f"one process each, the gateway on the other core; {settings}; "
            f"{ground.load_now()}",
        )
    ]
