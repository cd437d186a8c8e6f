"""Embeds a folder of pictures (or a table of texts) on many processes: one shard a task, under Dask.

    python embed_folder.py photos/ rows/ --workers 4 --shards 32

Each task runs `headstart embed --shard i/n` and writes rows/part-00001-of-00032.parquet. The parts one after another are, row for
row, what one run without shards writes. A worker that dies takes nothing with it: Dask gives its task to another one, and
a part is only there when it is whole.

With --scheduler the same runs on a cluster, whose machines see the same folders. Without it, --kill-one kills a worker in the middle of its
work, to show that it does not matter.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.dataset
from dask.distributed import Client, LocalCluster, as_completed


def part(out: Path, i: int, n: int) -> Path:
    return out / f"part-{i:05}-of-{n:05}.parquet"


def embed(headstart: str, samples: str, out: str, i: int, n: int, threads: int) -> dict:
    """One shard. What it says is what `headstart embed --json` says."""
    command = [headstart, "embed", samples, "--out", str(part(Path(out), i, n)), "--shard", f"{i}/{n}"]
    done = subprocess.run([*command, "--threads", str(threads), "--json", "--quiet"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def kill_one(client: Client) -> str:
    """Kills a worker that has a task, and what it has started, as a machine that goes down would. → its address."""
    busy = next(worker for worker, tasks in client.processing().items() if tasks)
    process = psutil.Process(client.run(lambda: __import__("os").getpid(), workers=[busy])[busy])
    for child in process.children(recursive=True):
        child.kill()
    process.kill()
    deadline = time.monotonic() + 60
    while busy in client.processing():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{busy} was killed, and the scheduler has not noticed")
        time.sleep(0.1)
    return busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", help="a folder of pictures, or a table")
    parser.add_argument("out", type=Path, help="a folder for the parts")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--workers", type=int, default=4, help="processes on this machine")
    parser.add_argument("--threads", type=int, default=1, help="of each task")
    parser.add_argument("--scheduler", help="address of a cluster's scheduler, instead of processes on this machine")
    parser.add_argument("--headstart", default="headstart", help="the command")
    parser.add_argument("--kill-one", action="store_true", help="kill a worker of this machine on the way")
    options = parser.parse_args()
    if options.kill_one and options.scheduler:
        # A process id of another machine is somebody else's here.
        parser.error("--kill-one kills a process of this machine, and the workers of a --scheduler may be anywhere")
    options.out.mkdir(parents=True, exist_ok=True)

    cluster = options.scheduler or LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
    with Client(cluster) as client:
        fixed = (options.headstart, str(Path(options.samples).resolve()), str(options.out.resolve()))
        tasks = [
            client.submit(embed, *fixed, i, options.shards, options.threads, pure=False, retries=2)
            for i in range(1, options.shards + 1)
        ]
        rejected, killed = [], None
        for done, (_, said) in enumerate(as_completed(tasks, with_results=True), 1):
            rejected += said["rejected"]
            print(f"{done} of {options.shards}: {said['rows']} rows, {said['seconds']:.1f} s", file=sys.stderr)
            if options.kill_one and killed is None:
                killed = kill_one(client)
                print(f"killed {killed}", file=sys.stderr)
    if not options.scheduler:
        cluster.close()

    # In the order of the shards, which is the order of the samples.
    parts = [str(part(options.out, i, options.shards)) for i in range(1, options.shards + 1)]
    rows = pyarrow.dataset.dataset(parts).count_rows()
    for one in rejected:
        print(f"left out: {one.get('item')}: {one['message']}", file=sys.stderr)
    print(json.dumps({"rows": rows, "parts": parts, "rejected": rejected, "killed": killed}))


# Dask starts its processes by importing this file.
if __name__ == "__main__":
    main()
