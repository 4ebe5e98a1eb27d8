"""The provider guide's settings for proxies and packet filters, loaded as they stand, with the lists of an export."""

import subprocess
from pathlib import Path

from blocklist.entries import admit
from blocklist.publish import export
from review_queue.categories import Scope
from review_queue.store import Store
from tests.blocklist.approvals import approve
from tests.blocklist.consumers_proxy import path_of
from tests.blocklist.test_nftables import in_namespace
from tests.blocklist.test_providers_doc import block

PROXY = ["squid", "squidguard", "nftables", "suricata"]


def exported(store: Store, folder: Path) -> Path:
    """The folder of an export with a host and a domain in it."""
    approve(store, "casino.example")
    approve(store, "wide.example", scope=Scope.DOMAIN)
    admit(store)
    export(store, folder / "lists", PROXY, actor="test")
    return folder / "lists"


def test_the_settings_for_squid_are_valid_and_load_the_lists(store: Store, tmp_path: Path) -> None:
    lists = exported(store, tmp_path)
    conf = tmp_path / "squid.conf"
    settings = block("qalqan_names").replace("/etc/squid", str(lists))
    conf.write_text(
        f"http_port 127.0.0.1:3128\npid_filename none\n{settings}http_access allow all\n"
    )

    done = subprocess.run(
        [path_of("squid", "squid-openssl"), "-k", "parse", "-f", str(conf)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "Processing: http_access deny qalqan_addresses" in done.stderr
    assert "ERROR" not in done.stderr


def test_the_settings_for_squidguard_block_what_the_list_says(store: Store, tmp_path: Path) -> None:
    lists = exported(store, tmp_path)
    conf = tmp_path / "squidGuard.conf"
    conf.write_text(f"dbhome {lists / 'current'}\nlogdir {tmp_path}\n{block('domainlist')}")
    program = [path_of("squidGuard", "squidguard"), "-c", str(conf)]

    subprocess.run([*program, "-C", "all"], check=True, capture_output=True, timeout=60)
    told = subprocess.run(
        program,
        input="http://a.wide.example/ ip/- - GET\nhttp://casino.example/ ip/- - GET\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()

    assert told == ['OK rewrite-url="http://blocked.provider.example/"', "ERR"]


def test_the_rules_for_nftables_load_after_the_sets(store: Store, tmp_path: Path) -> None:
    lists = exported(store, tmp_path)
    (tmp_path / "rules.nft").write_text(block("@listed4"))

    done = in_namespace(
        f"nft -f {lists}/nftables.nft; nft -f rules.nft; nft -f {lists}/nftables.nft; nft list ruleset",
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert "ip6 daddr @listed6 reject" in done.stdout


def test_the_settings_for_suricata_load_the_list_beside_the_rules_of_the_provider(
    store: Store, tmp_path: Path
) -> None:
    lists = exported(store, tmp_path)
    (tmp_path / "suricata.rules").write_text('alert ip any any -> any any (msg:"x"; sid:9;)\n')
    settings = block("exception-policy").replace("/var/lib/qalqan", str(lists))
    conf = tmp_path / "suricata.yaml"
    conf.write_text(f"%YAML 1.1\n---\ndefault-rule-path: {tmp_path}\n{settings}")

    done = subprocess.run(
        [path_of("suricata", "suricata"), "-T", "-v", "-c", str(conf), "-l", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    # a domain and the set of hosts, each in TLS, http and QUIC
    assert "2 rule files processed. 7 rules successfully loaded" in done.stdout + done.stderr
