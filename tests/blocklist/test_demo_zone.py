"""The demo's own list in a running BIND: what it blocks and what it leaves alone."""

import json
import subprocess
import sys
from pathlib import Path

from qalqan.sample_web.sites import written_sites
from tests.blocklist.conftest import StartBind


def test_bind_blocks_every_entry_of_the_demo_and_resolves_the_harmless_sites(
    start_bind: StartBind, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "qalqan", "demo", "--no-serve", "--data", str(data)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    lines = (data / "export" / "entries.jsonl").read_text(encoding="utf-8").splitlines()
    listed = [json.loads(line)["name"] for line in lines]
    harmless = [site.host.name for site in written_sites()]
    resolver = start_bind(data / "export" / "rpz.zone", "rpz")

    assert listed
    assert len(harmless) >= 20
    assert {name: resolver.rcode(name) for name in listed} == dict.fromkeys(listed, "NXDOMAIN")
    assert {name: resolver.rcode(name) for name in harmless} == dict.fromkeys(harmless, "NOERROR")
