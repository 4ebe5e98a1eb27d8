"""A program that publishes in a child process and kills it, once for each line of its input.

`step N KIND` lets a publication die before its Nth file operation in the folder, `moment SECONDS KIND` after that time.
`KIND` is how it proves: `none`, or the consumers with a comma between. It answers with the child's exit code, which is
3 where the full list was held.
"""

import sys
from functools import partial
from pathlib import Path

from blocklist.consumers import CONSUMERS
from blocklist.gate import Gate
from blocklist.publication import Outcome, Verify, Wanted, publish
from blocklist.signers import Signers, load
from review_queue.categories import Category
from review_queue.store import open_store
from tests.blocklist import killing

FORMATS = ("rpz", "hosts")
PARTS = (Category.VIOLENCE,)
HELD = 3


def signers_of(data: Path) -> Signers:
    """The signers of the key beside the store."""
    return load(data.parent / "list.key", None, None)


def published(data: Path, out: Path, kind: str) -> Outcome:
    """What one publication came to."""
    keys = () if kind == "none" else tuple(kind.split(","))
    wanted = Wanted(FORMATS, PARTS, Verify.LOCAL if keys else Verify.NONE)
    gate = Gate({key: CONSUMERS[key] for key in keys})
    with open_store(data) as store:
        return publish(
            store, out, wanted, actor="test", signers=signers_of(data), gate=gate
        ).outcome


def _publication(data: Path, out: Path, kind: str) -> int:
    is_held = published(data, out, kind) in (Outcome.REMOVALS, Outcome.HELD)
    return HELD if is_held else 0


if __name__ == "__main__":
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        how, value, kind = line.split()
        killing.answer(killing.code_of(partial(_publication, data, out, kind), out, how, value))
