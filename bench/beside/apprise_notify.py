"""What apprise's async notify hands over to the same gateway, with the settings that serve it best here.

    apprise_notify.py PORT COUNT     prints {"per_second": …, "threads": …, "tried": {threads: …}, …}

One object for each recipient (several in one would wait for each other), its own wait between requests
switched off, no redirects; the executor of the loop with several numbers of threads, of which the best
counts. Its own pool of threads is as large as it chooses.
"""

import asyncio
import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import apprise

logging.disable(logging.CRITICAL)


def recipients(port, count):
    made = apprise.Apprise()
    for number in range(count):
        one = apprise.Apprise.instantiate(
            f"json://127.0.0.1:{port}/?to=%2B1202555{number:06}&redirect=no", suppress_exceptions=False
        )
        one.request_rate_per_sec = 0
        made.add(one)
    return made


async def hand_over(made, threads):
    loop = asyncio.get_running_loop()
    if threads:
        loop.set_default_executor(ThreadPoolExecutor(threads))
    begun = time.perf_counter()
    said = await made.async_notify(body="The parcel is here.", title="Your notes")
    assert said, "not every message was taken"
    return len(made) / (time.perf_counter() - begun)


def main(port, count):
    made = recipients(int(port), int(count))
    tried = {threads: asyncio.run(hand_over(made, threads)) for threads in (0, 2, 8, 32)}
    best = max(tried, key=tried.get)
    said = {"per_second": tried[best], "threads": best, "tried": tried, "version": apprise.__version__}
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
