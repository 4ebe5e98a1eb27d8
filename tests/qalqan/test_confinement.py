"""What a service may do, by systemd's own judgement, and whether a round can be carried out within it."""

import ipaddress
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.guard import is_public
from qalqan.confinement import CLOSED, confined, name_servers
from qalqan.settings import OptionValue, Round, read_rounds
from qalqan.timers import service
from review_queue.store import open_store
from tests.crawler.test_guard import PRIVATE, PUBLIC
from tests.site.web import Web

WITH_SYSTEMD = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)
WORST = 20  # tenths of systemd's points, of which 100 are "unsafe"; 45 without what is tested here


def a_round(**options: tuple[OptionValue, ...]) -> Round:
    named = {name.replace("_", "-"): values for name, values in options.items()}
    return Round("nightly", "5 3 * * *", Path("/srv/seeds.txt"), Path("/srv/data"), options=named)


def lines_of(one: Round, resolv_conf: Path, account: str = "qalqan") -> list[str]:
    text = confined(one, account=account, data=str(one.data), resolv_conf=resolv_conf)
    return text.splitlines()


@WITH_SYSTEMD
def test_systemd_finds_little_that_a_service_could_do_without(tmp_path: Path) -> None:
    unit = tmp_path / "qalqan-nightly.service"
    unit.write_text(service(a_round(), [shutil.which("true") or ""], account="games"))

    judged = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=true",
            f"--threshold={WORST}",
            "--no-pager",
            unit,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_what_the_guard_refuses_the_service_cannot_reach_either() -> None:
    networks = [ipaddress.ip_network(text) for text in CLOSED]
    documentation = {"192.0.2.1", "2001:db8::1", "3fff::1", "100::1"}  # nothing is ever there
    # for these the kernel asks for the address inside
    inside = {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2606:4700::5efe:7f00:1"}
    relay = {"192.88.99.1"}

    def is_closed(text: str) -> bool:
        address = ipaddress.ip_address(text)
        return any(address in network for network in networks if network.version == address.version)

    assert not [a for a in set(PRIVATE) - documentation - inside - relay if not is_closed(a)]
    assert not [a for a in PUBLIC if is_closed(a)]
    assert not [n for n in networks if is_public(n[1 if n.num_addresses > 1 else 0])]


def test_a_service_reaches_of_closed_ranges_only_name_servers_proxy_and_what_its_round_allows(
    tmp_path: Path,
) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("# none\nsearch a\nnameserver 10.1.1.1\nnameserver fe80::1%eth0\n")
    one = a_round(
        proxy=("http://user:word@10.0.0.5:3128",),
        allow_address=("10.2.0.0/16:8000", "[fd00::/8]:80", "192.168.1.1"),
    )

    allowed = [line for line in lines_of(one, resolv_conf) if line.startswith("IPAddressAllow=")]

    assert [line.partition("=")[2] for line in allowed] == [
        "10.1.1.1/32",
        "fe80::1/128",
        "10.0.0.5/32",
        "10.2.0.0/16",
        "fd00::/8",
        "192.168.1.1/32",
    ]
    assert not [line for line in lines_of(one, resolv_conf, account="") if "IPAddress" in line]


def test_without_a_named_name_server_the_machine_is_its_own(tmp_path: Path) -> None:
    assert name_servers(tmp_path / "none") == ["127.0.0.1/32"]


@pytest.mark.parametrize("name", ["browser", "metrics"])
def test_this_machine_is_reached_where_a_round_needs_it(tmp_path: Path, name: str) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 10.1.1.1\n")

    assert "IPAddressAllow=127.0.0.1/32" in lines_of(a_round(**{name: (True,)}), resolv_conf)
    assert "IPAddressAllow=127.0.0.1/32" not in lines_of(a_round(**{name: (False,)}), resolv_conf)


def test_a_browser_may_shut_its_children_in_and_nothing_else_may(tmp_path: Path) -> None:
    with_browser = lines_of(a_round(browser=(True,)), tmp_path)

    assert "SystemCallFilter=chroot seccomp" in with_browser
    assert "RestrictNamespaces=true" not in with_browser
    assert "SystemCallFilter=~@privileged" in lines_of(a_round(), tmp_path)
    assert "RestrictNamespaces=true" in lines_of(a_round(), tmp_path)


def test_homes_are_hidden_and_programs_kept_from_the_data_where_a_round_needs_neither(
    tmp_path: Path,
) -> None:
    def of(data: str, program: str) -> list[str]:
        one = replace(a_round(), data=Path(data))
        text = confined(one, account="qalqan", data=data, paths=[program, "-P"])
        return text.splitlines()

    assert "ProtectHome=read-only" in of("/home/q/data", "/usr/bin/true")
    assert "ProtectHome=read-only" in of("/srv/data", "/root/venv/bin/python")
    assert "NoExecPaths=/srv/data" in of("/srv/data", "/usr/bin/true")
    assert "NoExecPaths=/srv" not in of("/srv", "/srv/venv/bin/python")
    link = tmp_path / "python"
    link.symlink_to("/home/q/python")
    assert "ProtectHome=read-only" in of("/srv/data", str(link))


_PROBE = """
import ctypes, os, socket, sys
from pathlib import Path
def refused(what):
    try:
        what()
    except OSError:
        return True
    return False
libc = ctypes.CDLL(None, use_errno=True)
print(
    refused(lambda: Path("/etc/qalqan-probe").write_text("x")),
    refused(lambda: Path(sys.argv[1], "..", "probe").write_text("x")),
    refused(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    refused(lambda: os.chown(sys.argv[1], 1, 1)),
    refused(lambda: os.chroot("/")),
    libc.unshare(0x10000000) != 0,
    libc.mount(b"none", b"/mnt", b"tmpfs", 0, None) != 0,
    not refused(lambda: Path(sys.argv[1], "probe").write_text("x")),
)
"""


@WITH_SYSTEMD
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may set up what systemd would")
@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is not installed")
def test_a_round_is_carried_out_within_the_lines_of_its_unit(tmp_path: Path) -> None:
    """No capability, no new privileges, the unit's system calls and families, nothing writable but the data folder."""
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "seeds.txt").write_text("http://s1.example/\n")
    config = tmp_path / "qalqan.toml"
    unit = tmp_path / "unit"
    root = Path(__file__).parents[2]
    confine = ("unshare", "--mount", sys.executable, "-m", "tests.qalqan.confine")

    def within(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*confine, str(unit), str(data), sys.executable, *command],
            cwd=root,
            env={**os.environ, "TMPDIR": "/var/tmp", "PYTHONDONTWRITEBYTECODE": "1"},  # noqa: S108  # its own
            capture_output=True,
            text=True,
            check=False,
        )

    with Web() as web:
        web.put("http://s1.example/", "<p>Bread needs flour.</p><a href='/more'>more</a>")
        web.put("http://s1.example/more", "<p>And water.</p>")
        config.write_text(
            "[[rounds]]\nname = 'nightly'\ncron = '30 3 * * *'\nseeds = 'seeds.txt'\ndata = 'data'\n"
            f"proxy = '{web.proxy}'\ndelay = 0\n"
        )
        (one,) = read_rounds(config)
        unit.write_text(service(one, [sys.executable], account="games"))

        probed = within("-c", _PROBE, str(data))
        assert probed.stdout.split() == ["True"] * 8, probed.stderr
        done = within("-m", "qalqan", "schedule", "run", "nightly", "--config", str(config))

    assert done.returncode == 0, done.stderr
    assert "2 pages, 0 errors; 0 cases opened" in done.stdout
    with open_store(data) as store:
        assert store.value("SELECT count(*) FROM pages") == 2
        assert store.value("SELECT count(*) FROM scores") == 2
