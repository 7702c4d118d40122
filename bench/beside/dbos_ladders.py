"""Ladders as workflows of a durable-execution library: two people are told, then it waits for an answer.

    dbos_ladders.py URL COUNT CALLERS SECONDS
        prints {"starts_per_second", "cpu_ms", "megabytes", "idle_percent", "version", …}

URL is that of an empty PostgreSQL database. CALLERS start so many at once, from the process that runs
them, which serves it best; its pool of connections is as large as the callers. A send is one write to a
file. Then it lies idle for SECONDS with all of them waiting.
"""

import asyncio
import importlib.metadata
import json
import os
import sys
import tempfile
import time

from dbos import DBOS, SetWorkflowID

out = os.open(tempfile.mktemp(), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sent = 0


@DBOS.step()
async def tell(who):
    global sent
    os.write(out, f"{who}\n".encode())
    sent += 1


@DBOS.workflow()
async def ladder(number):
    for rung in range(3):
        for contact in range(2):
            await tell(f"{number}:{rung}:{contact}")
        if await DBOS.recv_async("answer", timeout_seconds=3600):
            return


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


async def main(url, count, callers, seconds):
    DBOS(
        config={
            "name": "ladders",
            "system_database_url": url,
            "sys_db_pool_size": callers,
            "max_executor_threads": 64,
            "run_admin_server": False,
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    gate = asyncio.Semaphore(callers)

    async def start(number):
        async with gate:
            with SetWorkflowID(f"alarm-{number}"):
                await DBOS.start_workflow_async(ladder, number)

    await asyncio.gather(*(start(-one - 1) for one in range(min(callers, 20))))  # warm
    warm = min(callers, 20) * 2
    while sent < warm:
        await asyncio.sleep(0.01)
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(start(number) for number in range(count)))
    started = time.perf_counter() - begun
    while sent < warm + 2 * count:
        await asyncio.sleep(0.02)
    told, cpu = time.perf_counter() - begun, time.process_time() - cpu
    await asyncio.sleep(2)
    idle, at = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    idle = (time.process_time() - idle) / (time.perf_counter() - at) * 100
    print(
        json.dumps(
            {
                "starts_per_second": count / started,
                "told_per_second": count / told,
                "cpu_ms": cpu / count * 1000,
                "megabytes": resident(),
                "idle_percent": idle,
                "version": importlib.metadata.version("dbos"),
            }
        ),
        flush=True,
    )
    os._exit(0)  # what waits is thrown away with its database


if __name__ == "__main__":
    address, *numbers = sys.argv[1:]
    asyncio.run(main(address, *map(int, numbers)))
