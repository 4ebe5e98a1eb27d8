"""The samples of the kit, loaded by the programs they are for, as they stand but for the folder of lists."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from blocklist.consumers.resolver import Program
from review_queue.categories import Scope
from tests.blocklist.canaries import ENTRIES, EXPECTED
from tests.blocklist.consumers_dns import BIND, DNSMASQ, KNOT, POWERDNS, UNBOUND, running
from tests.blocklist.consumers_proxy import e2guardian, path_of
from tests.blocklist.samples import domain, entry, lines_of
from tests.blocklist.test_nftables import in_namespace
from tests.provider.clients import KIT
from tests.provider.conftest import World

SAMPLES = KIT / "samples"
FOLDERS = ("/var/lib/bind/qalqan", "/var/lib/unbound/qalqan", "/var/lib/qalqan")
SHELLS = [each for each in ("dash", "bash", "busybox") if shutil.which(each)]
PROGRAM = [KIT / "qalqan-pull", *sorted((KIT / "lib").glob("*.sh")), KIT / "page" / "page.cgi"]


def sample(name: str, lists: Path) -> str:
    """The sample with the lists where the test has them."""
    text = (SAMPLES / name).read_text()
    for folder in FOLDERS:
        text = text.replace(f"{folder}/current", str(lists))
    assert '"/var/lib/' not in text
    return text


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    for form, name in (
        ("rpz", "rpz.zone"),
        ("unbound", "unbound.conf"),
        ("dnsmasq", "dnsmasq.conf"),
        ("dnsmasq", "dnsmasq-hosts.txt"),
    ):
        text = "".join(f"{line}\n" for line in lines_of(form, ENTRIES, name))
        (folder / name).write_text(text, encoding="ascii")
    return folder


def bind(lists: Path) -> str:
    options, zones = sample("bind/options.conf", lists), sample("bind/zones.conf", lists)
    return f"{options}\n}};\n{zones}"


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (BIND, ""),
        # the test's own settings have the modules of a resolver that does not validate
        (UNBOUND, "unbound/qalqan.conf"),
        (UNBOUND, "unbound/qalqan-local.conf"),
        (DNSMASQ, "dnsmasq/qalqan.conf"),
        (POWERDNS, "pdns-recursor/qalqan.lua"),
        (KNOT, "knot-resolver/qalqan.lua"),
    ],
    ids=["bind", "unbound", "unbound-local", "dnsmasq", "pdns-recursor", "knot"],
)
def test_a_sample_makes_its_resolver_block_what_is_listed(
    program: Program, name: str, lists: Path, tmp_path: Path
) -> None:
    settings = sample(name, lists) if name else bind(lists)

    with running(program, tmp_path, settings) as resolver:
        assert resolver.states(*EXPECTED) == EXPECTED


def test_the_sample_for_squidguard_blocks_what_the_client_has_made_ready(
    world: World, tmp_path: Path
) -> None:
    program = path_of("squidGuard", "squidguard")
    folder = world.feed.folder
    text = "".join(f"{line}\n" for line in lines_of("squidguard", [domain("wide.example")]))
    (folder / "squidguard-domains.txt").write_text(text)
    conf = tmp_path / "squidGuard.conf"
    conf.write_text(
        sample("squidguard/squidGuard.conf", folder).replace("/var/log/squidguard", str(tmp_path))
    )

    made = functions(
        f'consumer_defaults; NEW={folder}; validate "$NEW"',
        tmp_path,
        CONSUMER="squidguard",
        MUST_RESOLVE="x.example",
    )
    told = subprocess.run(
        [program, "-c", str(conf)], input="http://a.wide.example/ ip/- - GET\nhttp://casino.example/ ip/- - GET\n",
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.splitlines()  # fmt: skip

    assert made.returncode == 0, made.stderr
    assert told == ['OK rewrite-url="http://blocked.provider.example/"', "ERR"]


def functions(script: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """What functions of the client do, with these settings."""
    return subprocess.run(
        ["sh", "-c", harness(script, folder, **settings)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def harness(script: str, folder: Path, **settings: str) -> str:
    """A script that has the functions of the client, without its main part, and these settings."""
    main = (KIT / "qalqan-pull").read_text().partition("\nSTATUS_ONLY=")[0]
    parts = [
        main,
        *((KIT / "lib" / f"{name}.sh").read_text() for name in ("verify", "consumers", "canary")),
    ]
    conf = folder / "harness.conf"
    conf.write_text(
        "".join(f"{name}='{value}'\n" for name, value in {"FILES": "", **settings}.items())
    )
    conf.chmod(0o600)
    (folder / "work").mkdir(exist_ok=True)
    ready = (
        f"LOG=stderr; SERIAL=1; WORK={folder}/work; LIB={KIT}/lib; SETTINGS={conf}; read_settings"
    )
    return "\n".join([*parts, ready, script])


def test_the_sample_for_nftables_rejects_what_the_client_has_loaded(tmp_path: Path) -> None:
    entries = [entry("192.88.99.66", Scope.IP), entry("2620:4f:8000::66", Scope.IP)]
    (tmp_path / "nftables.nft").write_text("\n".join(lines_of("nftables", entries)) + "\n")
    script = harness(
        f'LIST={tmp_path}; validate "$LIST" && reload && nft -f {SAMPLES}/nftables/qalqan.nft && reload &&'
        f' listed_names "$LIST" >"$WORK/asked" && nft_has_all && cat "$WORK/asked"; nft list ruleset;'
        ' echo 192.0.2.1 >"$WORK/asked"; nft_has_all || echo "not all"',
        tmp_path,
        CONSUMER="nftables",
    )
    (tmp_path / "script.sh").write_text(script)

    done = in_namespace("sh script.sh", tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("192.88.99.66\n2620:4f:8000::66\n"), done.stderr
    assert "ip daddr @listed4 reject" in done.stdout
    assert done.stdout.endswith("not all\n")


# names at the edge of what may be listed, and addresses; none may be taken for a fault
ODD = [
    *ENTRIES,
    entry("192.88.99.66", Scope.IP),
    entry("2620:4f:8000::66", Scope.IP),
    entry("192.88.99.0/24", Scope.CIDR),
]
CHECKED = {
    "bind": ["rpz:rpz.zone"],
    "unbound-local": ["unbound:unbound.conf"],
    "dnsmasq": ["dnsmasq:dnsmasq.conf", "dnsmasq:dnsmasq-hosts.txt"],
    "dnsmasq-hosts": ["hosts:hosts.txt"],
    "adguard": ["adguard:adguard.txt"],
    "e2guardian": [
        "e2guardian:e2guardian-bannedsitelist",
        "e2guardian:e2guardian-bannedsiteiplist",
    ],
    "squid": ["squid:squid-dstdomain.txt", "squid:squid-url.txt", "squid:squid-dst.txt"],
}
NEEDS = {
    "unbound-local": ("unbound-checkconf", "unbound"),
    "dnsmasq": ("dnsmasq", "dnsmasq-base"),
    "squid": ("squid", "squid-openssl"),
}


@pytest.mark.parametrize("consumer", CHECKED)
def test_no_list_of_ours_is_taken_for_a_bad_one(consumer: str, tmp_path: Path) -> None:
    if consumer in NEEDS:
        path_of(*NEEDS[consumer])
    for each in CHECKED[consumer]:
        form, name = each.split(":")
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines_of(form, ODD, name)))

    done = functions(f"validate {tmp_path} && listed_names {tmp_path}", tmp_path, CONSUMER=consumer,
                     MUST_RESOLVE="egov.example", SERIAL="7")  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert 2 <= len(done.stdout.split()) <= 6


@pytest.mark.parametrize("consumer", [*CHECKED, "nftables", "suricata"])
def test_the_empty_list_a_client_starts_from_passes_every_check(
    consumer: str, tmp_path: Path
) -> None:
    if consumer in NEEDS:
        path_of(*NEEDS[consumer])
    check = "true" if consumer in {"nftables", "suricata"} else f"validate {tmp_path}"

    done = functions(f'for file in $FILES; do write_empty {tmp_path} "$file"; done; {check} && listed_names {tmp_path}',
                     tmp_path, CONSUMER=consumer, MUST_RESOLVE="egov.example", SERIAL="0",
                     CANARY_BLOCKED="always.example")  # fmt: skip

    assert (done.returncode, done.stdout) in {(0, ""), (1, "")}, done.stderr
    assert done.stderr == ""


def test_the_samples_for_e2guardian_include_the_lists_as_the_tests_of_the_format_do() -> None:
    for name in ("bannedsitelist", "bannedsiteiplist"):
        lines = (SAMPLES / "e2guardian" / name).read_text().splitlines()
        assert [each for each in lines if not each.startswith("#")] == [
            f".Include</var/lib/qalqan/current/e2guardian-{name}>"
        ]


@pytest.mark.parametrize("program", ["curl", "wget"])
def test_the_client_sees_what_e2guardian_blocks_although_it_says_200(
    program: str, tmp_path: Path
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    hide = "have() { [ $1 != curl ]; }; " if program == "wget" else ""
    lists = {"e2guardian-bannedsitelist": lines_of("e2guardian", [domain("casino.example")])}
    with e2guardian(lists) as proxy:
        done = functions(f"{hide}ask_http a.casino.example; ask_http egov.example", tmp_path,
                         CONSUMER="e2guardian", MUST_RESOLVE="egov.example",
                         PROXY=f"http://127.0.0.1:{proxy.port}")  # fmt: skip

    assert done.stdout.splitlines() == ["blocked", "open"], done.stderr


def test_the_sample_of_the_settings_has_every_setting_with_its_default(tmp_path: Path) -> None:
    program = (KIT / "qalqan-pull").read_text()
    (block,) = re.findall(r"\n    (FEED='' .*?)\n    # shellcheck", program, re.DOTALL)
    names = re.findall(r"\b([A-Z][A-Z_]*)=", block)
    shown = re.findall(
        r"^(#?)([A-Z][A-Z_]*)=", (KIT / "pull.conf.sample").read_text(), re.MULTILINE
    )
    show = "; ".join(f'echo "{name}=${name}"' for name in names)
    uncommented = re.sub(r"(?m)^#([A-Z])", r"\1", (KIT / "pull.conf.sample").read_text())
    (tmp_path / "sample").write_text(uncommented)

    defaults = subprocess.run(
        ["sh", "-c", f"{block}\n{show}"], capture_output=True, text=True, check=True
    ).stdout
    sampled = subprocess.run(
        ["sh", "-euc", f". {tmp_path}/sample; {show}"], capture_output=True, text=True, check=True
    ).stdout

    assert {name for _, name in shown} == {*names, "LOG"}
    given = {name for is_comment, name in shown if not is_comment}
    ours = dict(line.split("=", 1) for line in defaults.splitlines())
    theirs = dict(line.split("=", 1) for line in sampled.splitlines())
    assert {n: v for n, v in ours.items() if n not in given} == {
        n: v for n, v in theirs.items() if n not in given
    }


@pytest.mark.parametrize("path", PROGRAM, ids=lambda path: path.name)
def test_every_shell_reads_the_client(path: Path) -> None:
    assert SHELLS
    for shell in SHELLS:
        command = [shell, *(["sh"] if shell == "busybox" else []), "-n", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    if shellcheck := shutil.which("shellcheck"):
        done = subprocess.run(
            [shellcheck, "-s", "sh", str(path)], capture_output=True, text=True, check=False
        )
        assert done.stdout == ""


def test_the_guide_tells_every_exit_code_as_the_client_does() -> None:
    help_text = subprocess.run(
        ["sh", str(KIT / "qalqan-pull"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    told = re.findall(r"^  (\d)  (.+)$", help_text, re.MULTILINE)
    guide = re.findall(r"^\| (\d) \| (.+?) \|", (KIT / "README.md").read_text(), re.MULTILINE)

    assert [number for number, _ in told] == [str(number) for number in range(9)]
    assert guide == told


def test_the_units_are_such_as_systemd_knows() -> None:
    for name in ("service", "timer"):
        text = (KIT / "timer" / f"qalqan-pull.{name}").read_text()
        sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
        assert sections[0] == "Unit"
        lines = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
        assert all(re.fullmatch(r"[A-Z][A-Za-z]+=.+", line) for line in lines)
    assert os.access(KIT / "qalqan-pull", os.X_OK)
    cron = (KIT / "timer" / "qalqan-pull.cron").read_text().splitlines()
    assert cron[-1].split()[5:] == ["root", "/usr/local/lib/qalqan-pull/qalqan-pull"]
