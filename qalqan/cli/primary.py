"""`qalqan primary`: the settings of a hidden BIND that hands the list to providers' resolvers by zone transfer."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from blocklist import primary as primaries
from blocklist.primary import Primary, Secondary, Written
from qalqan.cli.options import data_option, json_option
from review_queue import providers, tokens
from review_queue.store import Store, open_store

_FOLDER = click.Path(file_okay=False, path_type=Path, resolve_path=True)


def _pairs(
    _context: click.Context, _option: click.Parameter, words: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = []
    for word in words:
        name, sign, address = word.partition("=")
        if not (name and sign and address):
            raise click.BadParameter(f"{word[:80]!a} is not PROVIDER=ADDRESS")
        pairs.append((name, address))
    return tuple(pairs)


@click.command()
@data_option
@click.option(
    "--lists",
    type=_FOLDER,
    required=True,
    help="Folder the lists are published to, with format rpz.",
)
@click.option(
    "--out", type=_FOLDER, required=True, help="Folder of the settings; made where missing."
)
@click.option(
    "--address", "addresses", multiple=True, required=True,
    help="Address the primary listens on and providers ask; may be given several times.",
)  # fmt: skip
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=53,
    show_default=True,
    help="Port it listens on.",
)
@click.option(
    "--control-port", type=click.IntRange(1, 65535), default=953, show_default=True,
    help="Port of loopback rndc uses.",
)  # fmt: skip
@click.option("--zone", default=primaries.ZONE, show_default=True, help="Name of the zone.")
@click.option(
    "--notify", multiple=True, callback=_pairs, metavar="PROVIDER=ADDRESS",
    help="A resolver that is told of a new list at once; may be given several times.",
)  # fmt: skip
@click.option("--group", default="", help="Group BIND runs as, which must read its settings.")
@click.option(
    "--new-key", "renewed", multiple=True, metavar="PROVIDER",
    help="Make a new key for this provider; the old one counts no longer.",
)  # fmt: skip
@json_option
def primary(
    *,
    data: Path,
    lists: Path,
    out: Path,
    addresses: tuple[str, ...],
    port: int,
    control_port: int,
    zone: str,
    notify: tuple[tuple[str, str], ...],
    group: str,
    renewed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the settings of a hidden primary: a BIND that only providers' resolvers ask, by zone transfer.

    Every provider with a token that reads the format rpz has a TSIG key, and the zones their tokens read. Run it again
    when tokens were issued, revoked or expired, then `rndc -c OUT/rndc.conf reconfig`; after each new list, `rndc -c
    OUT/rndc.conf reload`. OUT/providers/NAME.conf is what a provider is handed, over a way nobody else can read.

    \b
    Example:
      qalqan primary --data data --lists lists --out primary --address 192.0.2.53 \\
        --notify acme=198.51.100.7 --group bind
      sh primary/start -u bind
    """
    with open_store(data, create=False) as store:
        secondaries = _secondaries(store, notify)
    wanted = Primary(
        lists=lists, out=out, addresses=addresses, port=port, zone=zone,
        control_port=control_port, group=group,
    )  # fmt: skip
    written = primaries.write(wanted, secondaries, renewed=renewed)
    if as_json:
        click.echo(
            json.dumps({**asdict(written), "conf": str(written.conf), "start": str(written.start)})
        )
    else:
        _print(written, out, secondaries)


def _secondaries(store: Store, notify: Iterable[tuple[str, str]]) -> list[Secondary]:
    parts: dict[str, set[str]] = {}
    for token in tokens.counting(store):
        if primaries.FORMAT in token.formats:
            parts.setdefault(token.provider, set()).add(token.part)
    told: dict[str, list[str]] = {name: [] for name in parts}
    for name, address in notify:
        found = providers.find(store, name).name
        if found not in told:
            raise primaries.PrimaryError(
                f"{found} has no token that reads the format {primaries.FORMAT} now, so there is nothing to tell them"
            )
        told[found].append(address)
    return [
        Secondary(name, tuple(sorted(parts[name])), tuple(told[name])) for name in sorted(parts)
    ]


def _print(written: Written, out: Path, secondaries: Iterable[Secondary]) -> None:
    for each in secondaries:
        shown = ", ".join(part or "the whole list" for part in each.parts)
        click.echo(f"{each.name}: {shown}, told at {', '.join(each.notify) or 'no address'}")
    for name in written.new_keys:
        click.echo(
            f"new key: hand {click.format_filename(out / 'providers' / name)}.conf to {name}"
        )
    for name in written.ended_keys:
        click.echo(f"{name} may transfer nothing any longer")
    for zone in written.waiting:
        click.echo(f"Warning: {zone} has no list yet; run qalqan publish, then reload", err=True)
    if not written.zones:
        click.echo("Warning: no provider has a token that reads the format rpz", err=True)
    click.echo(f"start it with: sh {click.format_filename(written.start)}")
    rndc = click.format_filename(out / "rndc.conf")
    click.echo(f"where it runs already: rndc -c {rndc} reconfig")
