"""How long the gate takes, and how much memory, for so many entries: half exact hosts, half domains.

    .venv/bin/python benchmarks/gate_speed.py [--entries 100000]

The lists are written and proved on every resolver and proxy that is here, two at a time, as `qalqan publish` does.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from blocklist import gate, listing
from blocklist.formats import FORMATS
from blocklist.snapshots import Snapshot
from review_queue.records import Entry
from tests.blocklist.samples import HEADING, domain, entry

LOADED = ("rpz", "unbound", "dnsmasq", "hosts", "squid", "squidguard", "e2guardian")


def entries(count: int) -> Iterator[Entry]:
    """Made-up names, in the order of the list."""
    for number in range(count):
        name = f"n{number:07}-zz-qalqan.kz"
        yield domain(name) if number % 2 else entry(name)


def megabytes(whose: int) -> int:
    """The most memory that was in use at once."""
    return resource.getrusage(whose).ru_maxrss // 1024


def main() -> None:
    """The gate was timed; a line a check, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory(prefix="qalqan-gate-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        written = listing.write(
            Snapshot(folder), entries(count), [FORMATS[n] for n in LOADED], HEADING, lambda _: ""
        )
        begun = time.monotonic()
        proofs = gate.Gate().prove([gate.Place(folder, written.manifest())])
        took = time.monotonic() - begun
    for proof in proofs:
        print(f"{proof.seconds:7.1f} s  {proof.outcome:8} {proof.file:28} {proof.consumer}")
    print(
        f"{count} entries, {len(proofs)} checks: {took:.1f} s, load {os.getloadavg()[0]:.1f} on"
        f" {os.cpu_count()} cores; our memory {megabytes(resource.RUSAGE_SELF)} MB, the largest program's"
        f" {megabytes(resource.RUSAGE_CHILDREN)} MB"
    )


if __name__ == "__main__":
    main()
