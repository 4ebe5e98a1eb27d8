"""How long the guards take for names of which none is stopped, by kind; and for making a judge.

.venv/bin/python benchmarks/judging_speed.py [--names 1000000] [--runs 3]
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from blocklist.judging import Judge, judge_of
from review_queue.categories import Scope
from review_queue.store import open_store

SEED = 7
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
ENDS = ("kz", "com", "ru", "org", "net", "com.kz", "info", "top")


def names_of(kind: str, count: int) -> tuple[Scope, list[str]]:
    """So many names of the kind, as they stand in a list; all are made up."""
    chance = random.Random(SEED)

    def label() -> str:
        return "".join(chance.choices(LETTERS, k=chance.randint(9, 18)))

    def octet(low: int, high: int) -> str:
        return str(chance.randint(low, high))

    ways: dict[str, tuple[Scope, Callable[[], str]]] = {
        "host": (Scope.HOST, lambda: f"www.{label()}.{chance.choice(ENDS)}"),
        "domain": (Scope.DOMAIN, lambda: f"{label()}.{chance.choice(ENDS)}"),
        "IDN host": (Scope.HOST, lambda: f"{label()}.xn--80aodfsg.kz"),
        "URL": (Scope.URL, lambda: f"http://{label()}.kz/{label()}/page.html?id={label()}"),
        "address": (Scope.IP, lambda: ".".join([octet(90, 99), *(octet(0, 255) for _ in "abc")])),
    }
    scope, make = ways[kind]
    return scope, [make() for _ in range(count)]


def microseconds(judge: Judge, scope: Scope, names: Sequence[str]) -> tuple[float, int]:
    """Processor time for each name, and how many were stopped all the same."""
    start = time.process_time()
    stopped = sum(judge.refusal(scope, name) is not None for name in names)
    return (time.process_time() - start) / len(names) * 1e6, stopped


def main() -> None:
    """Prints a line for each kind of name: the fastest of the runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        start = time.process_time()
        judge = judge_of(store)
        print(f"a judge: {time.process_time() - start:.2f} s, the second {_again(judge_of, store)}")
        for kind in ("host", "domain", "IDN host", "URL", "address"):
            # an address takes ten times as long: a tenth of them shows it
            scope, names = names_of(kind, given.names // (10 if kind == "address" else 1))
            runs = [microseconds(judge, scope, names) for _ in range(given.runs)]
            print(f"{kind:9} {len(names):>9}: {min(runs)[0]:.2f} us each, {runs[0][1]} stopped")


def _again(make: Callable[..., Judge], store: object) -> str:
    start = time.process_time()
    make(store)
    return f"{(time.process_time() - start) * 1000:.1f} ms"


if __name__ == "__main__":
    main()
