"""A program that exports in a child process and kills it, once for each line of its input.

`step N` lets an export die before its Nth file operation in the folder, `moment SECONDS` lets one of
a row of exports die after that time. It answers with the child's exit code.
"""

import hashlib
import sys
import tempfile
from functools import partial
from pathlib import Path

from blocklist.manifest import Manifest
from blocklist.publish import export
from review_queue.categories import Category
from review_queue.store import open_store
from tests.blocklist import killing

# one and more files, of names and of whole entries
OF_EVERY_KIND = ("hosts", "misp", "rpz", "squid")


def signature(manifest: bytes) -> dict[str, bytes]:
    """What stands for a signature of the manifest."""
    return {"manifest.json.sig": hashlib.sha256(manifest).digest()}


def signed_export(data: Path, out: Path, *, in_parts: bool) -> Manifest:
    """An export of formats of every kind, or of two formats with a part."""
    formats, parts = (("domains", "csv"), (Category.VIOLENCE,)) if in_parts else (OF_EVERY_KIND, ())
    with open_store(data) as store:
        return export(store, out, formats, actor="test", sign=signature, parts=parts)


def _exports(data: Path, out: Path, *, in_parts: bool, is_one: bool) -> int:
    """One export, or one after the other until it is killed."""
    signed_export(data, out, in_parts=in_parts)
    while not is_one:
        signed_export(data, out, in_parts=in_parts)
    return 0


if __name__ == "__main__":
    data, out, in_parts = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "parts"
    with (
        tempfile.TemporaryDirectory() as spare
    ):  # what is read and kept once is there for all children
        signed_export(Path(spare, "data"), Path(spare, "lists"), in_parts=in_parts)
    for line in sys.stdin:
        how, value = line.split()
        work = partial(_exports, data, out, in_parts=in_parts, is_one=how == "step")
        killing.answer(killing.code_of(work, out, how, value))
