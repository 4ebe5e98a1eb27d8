"""The firewall rules of docs/hardening.md, loaded as they stand there into a network of their own and tried."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qalqan.confinement import CLOSED

RULES = re.search(
    r"```nft\n(.*?)```",
    (Path(__file__).parent.parent / "docs" / "hardening.md").read_text(encoding="utf-8"),
    re.DOTALL,
)
ACCOUNT = 65_533
REFUSED = (
    ("10.9.9.9", 80),
    ("127.0.0.1", 80),
    ("169.254.169.254", 80),
    ("168.63.129.16", 80),
    ("100.100.100.200", 443),
    ("fd00::9", 80),
    ("::1", 80),
    ("93.184.216.34", 22),  # no port of a site
    ("10.9.9.53", 80),  # the name server's, but not its service
)
REACHED = (
    ("93.184.216.34", 80),
    ("93.184.216.34", 443),
    ("2606:2800:220:1::1", 80),
    ("10.9.9.53", 53),
)
# listens on all these, then asks for each as the account and as another one
_TRIED = """
import json, os, socket, subprocess, sys
rules, account, places = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for address in sorted({a for a, _ in places} - {"127.0.0.1", "::1"}):
    length = "128" if ":" in address else "32"
    subprocess.run(["ip", "addr", "add", f"{address}/{length}", "dev", "lo", "nodad"], check=True, stderr=2)
subprocess.run(["nft", "--check", "--file", rules], check=True)
for _ in range(2):  # loading them again replaces them
    subprocess.run(["nft", "--file", rules], check=True)
listeners = []
for address, port in places:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(9)
    listeners.append(listener)


def reached(address, port):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as asking:
        asking.settimeout(3)
        try:
            asking.connect((address, port))
        except OSError:
            return False
        return True


def of(uid):
    ours, theirs = os.pipe()
    if not os.fork():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        found = [[a, p] for a, p in places if reached(a, p)]
        os.write(theirs, json.dumps(found).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(ours, 65536))


print(json.dumps({"account": of(account), "other": of(account - 1), "root": of(0)}))
"""


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may load rules, even into a network of its own"
)
@pytest.mark.skipif(not shutil.which("nft"), reason="the package nftables is not installed")
@pytest.mark.skipif(not shutil.which("ip"), reason="the package iproute2 is not installed")
@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is not installed")
def test_the_rules_hold_the_account_and_nobody_else(tmp_path: Path) -> None:
    assert RULES is not None
    text = RULES.group(1).replace('"qalqan"', str(ACCOUNT)).replace("192.0.2.53", "10.9.9.53")
    rules = tmp_path / "qalqan.nft"
    rules.write_text(text)

    alone = ("unshare", "--net", sys.executable, "-c", _TRIED)
    tried = subprocess.run(
        [*alone, str(rules), str(ACCOUNT), json.dumps([*REFUSED, *REACHED])],
        capture_output=True,
        text=True,
        check=False,
    )

    assert tried.returncode == 0, tried.stderr
    found = {who: {(a, p) for a, p in places} for who, places in json.loads(tried.stdout).items()}
    assert found["account"] == set(REACHED)
    assert found["other"] == {*REACHED, *REFUSED}
    assert found["root"] == {*REACHED, *REFUSED}


def test_the_rules_close_what_the_services_are_kept_from() -> None:
    assert RULES is not None
    listed = re.findall(r"[0-9a-f.:]+/\d+", RULES.group(1))

    assert sorted(listed) == sorted(CLOSED)
