"""Kills publications with SIGKILL at seeded moments, and looks at what readers find after each.

    .venv/bin/python benchmarks/publish_kills.py [--kills 120] [--seed 7]

A third of them die while a new list is written, signed, proved on the resolvers that are here and switched to; a third
the same without the proof, which takes most of the time; a third while nothing has changed and a heartbeat is signed.
After each the list has to be whole, its manifest the one the store knows, every signature good: by our own check, and
by the minisign program where it is here. At the end nothing that was started may still run.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from blocklist import sign
from blocklist.consumers import CONSUMERS
from tests.blocklist.killed_publications import published
from tests.blocklist.publications import key_at
from tests.blocklist.test_publication_killed import grow, killer, left_in, state

RESOLVERS = ("bind", "unbound", "dnsmasq", "powerdns", "knot")
BEAT = "beat"
LAST_PART = 0.8
BEYOND = 1.1  # moments up to so many times as long as an undisturbed publication takes


def check_minisign(out: Path, public: Path) -> None:
    """The minisign program verifies the manifest that is served and its heartbeat."""
    for name in (sign.MINISIGN_NAME, sign.HEARTBEAT_NAME):
        subprocess.run(
            ["minisign", "-V", "-q", "-p", public, "-m", out / "manifest.json", "-x", out / name],
            check=True,
        )


@dataclass(slots=True)
class Series:
    """The store, the folder and what happened so far."""

    data: Path
    out: Path
    public: Path
    moments: random.Random
    number: int = 0
    long: dict[str, float] = field(default_factory=dict)  # seconds of an undisturbed one, by kind
    kills: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    switched: int = 0
    checked: int = 0

    def prepare(self, kind: str) -> str:
        """There is something to publish, or for a heartbeat nothing; returns how it is proved."""
        if kind == BEAT:
            published(self.data, self.out, "none")
            return "none"
        self.number += 1
        grow(self.data, self.number)
        return kind

    def measure(self, kind: str, kill: Callable[[str], int]) -> None:
        """It is known how long a publication of this kind takes when nobody kills it."""
        how = self.prepare(kind)
        begun = time.monotonic()
        assert kill(f"step 1000000 {how}") == 0
        self.long[kind] = time.monotonic() - begun

    def one(self, kind: str, kill: Callable[[str], int]) -> None:
        """One publication was killed, or ended before, and what readers find was looked at."""
        how = self.prepare(kind)
        before, entries, until = state(self.data, self.out)
        # half of them in the last fifth, where what was made is signed, put in its place and switched to
        first = self.moments.choice((0.0, LAST_PART))
        moment = self.moments.uniform(first, BEYOND) * self.long[kind]
        code = kill(f"moment {moment:.4f} {how}")
        after, found, later = state(self.data, self.out)
        assert code in (0, -signal.SIGKILL)
        assert after in (before, before + 1)
        assert found == entries if after == before else found > entries
        assert later >= until
        if shutil.which("minisign"):
            check_minisign(self.out, self.public)
            self.checked += 1
        self.kills[kind] += code != 0
        self.ended += code == 0
        self.switched += code != 0 and after > before


def series_in(place: Path, seed: int) -> Series:
    """A store with a published list."""
    public = place / "list.pub"
    public.write_text(sign.minisign_public(sign.minisign_key(key_at(place / "list.key"))))
    found = Series(place / "data", place / "lists", public, random.Random(seed))
    grow(found.data, 0)
    published(found.data, found.out, "none")
    return found


def main() -> None:
    """The kills were made; a line says what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    proved = ",".join(key for key in RESOLVERS if not CONSUMERS[key].why_not_here())
    kinds = (proved, "none", BEAT)
    with tempfile.TemporaryDirectory(prefix="qalqan-kills-") as name:
        place = Path(name)
        place.chmod(0o755)
        os.environ["TMPDIR"] = tempfile.tempdir = name
        found = series_in(place, asked.seed)
        begun = time.monotonic()
        with killer(found.data, found.out) as kill:
            for kind in kinds:
                found.measure(kind, kill)
            while found.kills.total() < asked.kills:
                found.one(kinds[(found.kills.total() + found.ended) % len(kinds)], kill)
        left = left_in(place)
        tempfile.tempdir = None
    print(
        f"{found.kills.total()} kills in {time.monotonic() - begun:.0f} s (seed {asked.seed}):"
        f" {found.kills[proved]} of proved publications ({proved}), {found.kills['none']} of unproved ones,"
        f" {found.kills[BEAT]} of heartbeats; {found.switched} after the switch, {found.ended} ended before their"
        f" moment. Whole and signed after each, {found.checked} times by minisign too; {len(left)} programs left"
    )
    assert left == []


if __name__ == "__main__":
    main()
