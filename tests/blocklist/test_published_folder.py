"""A folder that was published into stays a published one: no export takes the place of its signed list."""

from pathlib import Path

import pytest

from blocklist.gate import Gate
from blocklist.publication import Verify, Wanted, publish
from blocklist.publish import export
from review_queue.errors import ExportError
from review_queue.store import Store
from tests.blocklist.publications import host, listed, signers_at


def test_an_export_does_not_replace_a_published_list(store: Store, tmp_path: Path) -> None:
    listed(store, host(1))
    out = tmp_path / "lists"
    signers = signers_at(tmp_path / "list.key")
    wanted = Wanted(formats=("rpz",), verify=Verify.NONE)
    done = publish(store, out, wanted, actor="test", signers=signers, gate=Gate())
    listed(store, host(2))

    with pytest.raises(ExportError, match="another folder"):
        export(store, out, ("rpz",), actor="test")

    assert (out / "manifest.json.minisig").exists()
    assert host(2) not in (out / "rpz.zone").read_text()
    export(store, tmp_path / "elsewhere", ("rpz",), actor="test")
    again = publish(store, out, wanted, actor="test", signers=signers, gate=Gate())
    assert again.serial > done.serial
    assert host(2) in (out / "rpz.zone").read_text()
