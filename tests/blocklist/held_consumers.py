"""A program that starts every consumer that goes on running, says which answer, and holds them until it is killed."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

from blocklist.consumers import CONSUMERS, programs
from blocklist.consumers.questions import OPEN, Asked, Question, Run

BATCH = frozenset({"squidguard", "nftables", "suricata"})  # these end by themselves
HOLD_S = 60.0


def _held(key: str) -> Iterator[str]:
    """The consumer answers once the first time it is asked, and is still there after that."""
    consumer = CONSUMERS[key]
    with ExitStack() as stack:
        folder = stack.enter_context(programs.own_folder())
        lists = folder / "lists"
        lists.mkdir()
        lists.chmod(0o755)
        use = consumer.uses[0]
        for name in use.files:
            (lists / name).write_text(EMPTY.get(name, "# empty\n"))
        what = "http://a.example/" if consumer.asked is Asked.PAGES else "a.example"
        address = "192.0.2.7" if consumer.asked is Asked.PAGES else ""
        run = Run(folder, time.monotonic() + HOLD_S)
        for _, state in consumer.answers(use, lists, [Question(what, address)], run):
            yield state
            time.sleep(HOLD_S)


EMPTY = {
    "rpz.zone": "$TTL 300\n@ SOA localhost. nobody.invalid. 1 3600 600 86400 300\n@ NS localhost.\n",
    "unbound.conf": "server:\n",
}


def _hold(key: str) -> None:
    for state in _held(key):
        sys.stdout.write(f"{key} {state == OPEN}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    held = [key for key in CONSUMERS if key not in BATCH and not CONSUMERS[key].why_not_here()]
    sys.stdout.write(f"{' '.join(held)}\n")
    sys.stdout.flush()
    for each in held:
        threading.Thread(target=_hold, args=(each,)).start()
