"""`qalqan providers`: who takes the lists, with which tokens, and how fast decisions reach them."""

import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from qalqan.cli.options import data_option, json_option
from qalqan.cli.signing import sign_in, signed
from review_queue import delivery, providers, publications, pulls, tokens
from review_queue.categories import HARMS, Category
from review_queue.clock import later
from review_queue.delivery import Delay, Report
from review_queue.store import open_store
from review_ui.hostile import one_line
from review_ui.roles import Capability

EXIT_ALERTS: Final = 3
_DAY_S: Final = 86_400


@click.group("providers")
def providers_() -> None:
    """Who takes the lists: their tokens, what they pulled, and how fast."""


@providers_.command()
@click.argument("name")
@data_option
@signed
@click.option("--contact", default="", help="Whom to call, in one line.")
def add(name: str, data: Path, username: str, password_file: Path | None, contact: str) -> None:
    """Add the provider NAME, who gets no list before they have a token.

    \b
    Example:
      qalqan providers add north-net --contact "noc@north.example" --as dana
    """
    person = sign_in(data, username, password_file, Capability.EXPORT)
    with open_store(data, create=False) as store:
        found = providers.add(store, name, person, contact=contact)
    click.echo(f"added {found.name}; `qalqan providers token {found.name}` makes a token")


@providers_.command()
@click.argument("name")
@data_option
@signed
def end(name: str, data: Path, username: str, password_file: Path | None) -> None:
    """End the provider NAME: no token of theirs counts any longer. What they pulled stays on record.

    A hidden primary goes on handing out zones until `qalqan primary` was run again.

    \b
    Example:
      qalqan providers end north-net --as dana
    """
    person = sign_in(data, username, password_file, Capability.EXPORT)
    with open_store(data, create=False) as store:
        found = providers.find(store, name)
        formats = {
            each
            for one in tokens.counting(store)
            if one.provider == found.name
            for each in one.formats
        }
        found = providers.end(store, name, person)
    click.echo(f"ended {found.name}")
    _tell_of_primary(formats)


@providers_.command()
@click.argument("name")
@click.argument("fingerprint", default="")
@data_option
@signed
def bind(
    name: str, fingerprint: str, data: Path, username: str, password_file: Path | None
) -> None:
    """Let NAME's tokens count only beside the certificate of this SHA-256 FINGERPRINT; without one, beside any.

    \b
    Example:
      qalqan providers bind north-net 08:BB:5E:5D:6E:AA:C1:04:9E:DE:08:93:D3:0E:D0:22:B1:A4:D9:B5:B4:8D:B4:14:87:1F:51:C9:CB:35:28:3D --as dana
    """  # noqa: E501  # a fingerprint is that long
    person = sign_in(data, username, password_file, Capability.EXPORT)
    with open_store(data, create=False) as store:
        found = providers.bind(store, name, fingerprint, person)
    click.echo(f"{found.name}: {found.fingerprint or 'no certificate is asked for'}")


def _formats(
    _context: click.Context, _option: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    from blocklist.formats import FORMATS

    known = (*FORMATS, tokens.ENTRIES)
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name[:40]!a} is none of {', '.join(known)}")
    return names


@providers_.command()
@click.argument("name")
@data_option
@signed
@click.option(
    "--category",
    "categories",
    multiple=True,
    type=click.Choice([category.value for category in HARMS]),
    help="The one category it reads.  [default: the whole list]",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    required=True,
    callback=_formats,
    help="A format it reads; may be given several times. `entries` are whole entries and changes.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    help="It counts so long.",
)
@json_option
def token(
    name: str,
    data: Path,
    username: str,
    password_file: Path | None,
    categories: tuple[str, ...],
    formats: tuple[str, ...],
    days: int,
    *,
    as_json: bool,
) -> None:
    """Print a new token for the provider NAME, this once: only a hash of it is kept.

    \b
    Example:
      qalqan providers token north-net --category violence --format rpz --days 365 --as dana
      qalqan providers token north-net --format rpz --format entries --as dana > token.txt
    """
    person = sign_in(data, username, password_file, Capability.EXPORT)
    wanted = [Category(each) for each in categories] or HARMS
    with open_store(data, create=False) as store:
        until = later(store.clock(), days * _DAY_S)
        made = tokens.issue(store, name, wanted, formats, until, person)
    if as_json:
        click.echo(json.dumps({**asdict(made.token), "token": made.text}))
        return
    click.echo(made.text)
    read = made.token.part or "the whole list"
    told = f"token {made.token.id} of {made.token.provider} reads {read} as {', '.join(made.token.formats)}"
    click.echo(f"{told} until {made.token.expires_at[:10]}; it is shown this once", err=True)
    if made.token.part:
        click.echo("its list is made with the next `qalqan publish`", err=True)
    from blocklist.primary import FORMAT

    if FORMAT in made.token.formats:
        click.echo("where a hidden primary runs: run `qalqan primary` again", err=True)


@providers_.command()
@click.argument("token_id", metavar="TOKEN-ID")
@data_option
@signed
def revoke(token_id: str, data: Path, username: str, password_file: Path | None) -> None:
    """Revoke a token from the next request on; its id is shown by `list` and is the middle part of its text.

    A hidden primary goes on handing out zones until `qalqan primary` was run again.

    \b
    Example:
      qalqan providers revoke 4279ce4429f7 --as dana
    """
    person = sign_in(data, username, password_file, Capability.EXPORT)
    with open_store(data, create=False) as store:
        found = tokens.revoke(store, token_id, person)
    click.echo(f"revoked the token {found.id} of {found.provider}")
    _tell_of_primary(found.formats)


def _tell_of_primary(formats: Collection[str]) -> None:
    """A hidden primary reads no tokens: it is told of what changed by whoever changed it."""
    from blocklist.primary import FORMAT

    if FORMAT in formats:
        click.echo(
            "where a hidden primary runs: run `qalqan primary` again, then `rndc reconfig`; until then the key of"
            " the provider counts there",
            err=True,
        )


@providers_.command("list")
@data_option
@json_option
def list_(data: Path, *, as_json: bool) -> None:
    """Show every provider there is or was, with their tokens.

    \b
    Example:
      qalqan providers list --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        everybody, known = providers.all_of(store), tokens.all_of(store)
        now = store.now()
    if as_json:
        rows = [
            {**asdict(one), "tokens": [asdict(t) for t in known if t.provider_id == one.id]}
            for one in everybody
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for one in everybody:
        ended = f", ended {one.ended_at[:10]}" if one.ended_at else ""
        bound = ", bound to a certificate" if one.fingerprint else ""
        click.echo(f"{one.name}  {one.contact}{bound}{ended}")
        for each in known:
            if each.provider_id == one.id:
                click.echo(f"  {_of_token(each, now)}")


def _of_token(found: tokens.Token, now: str) -> str:
    if found.ended_at:
        state = f"revoked {found.ended_at[:10]}"
    else:
        state = f"{'expired' if found.expires_at <= now else 'until'} {found.expires_at[:10]}"
    return f"{found.id}  {found.part or 'whole list':10}  {','.join(found.formats)}  {state}"


@providers_.command()
@data_option
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    default=delivery.WINDOW_DAYS,
    show_default=True,
    help="Of decisions and lifts of so many days.",
)
@click.option(
    "--stopped-hours",
    type=click.FloatRange(min=0, min_open=True),
    default=delivery.STOPPED_HOURS,
    show_default=True,
    help="Alert on a provider that pulled nothing for so long.",
)
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write figures for node_exporter's textfile collector, such as qalqan-providers.prom.",
)
@click.option("--check", is_flag=True, help=f"End with code {EXIT_ALERTS} where there is an alert.")
@json_option
def report(
    data: Path,
    days: float,
    stopped_hours: float,
    metrics_file: Path | None,
    *,
    check: bool,
    as_json: bool,
) -> None:
    """Show what each provider holds, how long decisions and lifts took to reach them, and what asks for a look.

    \b
    Example:
      qalqan providers report --data /srv/qalqan
      qalqan providers report --check --metrics-file /var/lib/prometheus/qalqan-providers.prom
    """
    with open_store(data, create=False, for_reading=True) as store:
        found = delivery.report(store, days=days, stopped_hours=stopped_hours)
        hold = publications.hold(store)
        now = store.clock()
        strangers = pulls.refused_since(store, later(now, -days * 86_400))
    if metrics_file:
        from qalqan.metrics import write
        from qalqan.provider_figures import ProviderFigures

        write(ProviderFigures(found, now.timestamp(), is_held=hold is not None), metrics_file)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
    else:
        for each in found:
            for line in _lines(each):
                click.echo(line)
    if hold:
        # of no provider, so it has no place in their JSON
        why = hold.reason.removeprefix("nothing was published: ")
        told = f"nothing new has been published since {hold.since[:16]}: {why}"
        click.echo(told, err=as_json)
    if strangers and not as_json:
        click.echo(f"requests without a token that counts, in {days:g} days: {strangers}")
    if check and (hold or any(each.alerts for each in found)):
        sys.exit(EXIT_ALERTS)


def _lines(found: Report) -> Iterator[str]:
    held = f"serial {found.serial} since {found.serial_at[:16]}" if found.serial else "no list"
    pulled = f"last pull {found.last_pull_at[:16]}" if found.last_pull_at else "never pulled"
    yield f"{found.provider.name}: {held}, newest {found.newest}; {pulled}; tokens that count: {len(found.tokens)}"
    for what, delay in (
        ("decision to list", found.blocks),
        ("lift to list", found.lifts),
        ("lift to receipt", found.removals),
    ):
        if delay.done or delay.waiting:
            yield f"  {what:16} {_of_delay(delay)}"
    if found.receipt:
        told = (
            f"{found.receipt.outcome} {found.receipt.serial} in {one_line(found.receipt.consumer)}"
        )
        yield f"  {'last receipt':16} {told}, {found.receipt.at[:16]}"
    for alert in found.alerts:
        yield f"  ALERT {alert.kind}: {one_line(alert.text)}"


def _of_delay(delay: Delay) -> str:
    parts = []
    if delay.median is not None and delay.longest is not None:
        parts.append(
            f"{delay.median:.1f} h (median of {delay.done}, longest {delay.longest:.1f} h)"
        )
    if delay.waits is not None:
        parts.append(f"{delay.waiting} wait, the first for {delay.waits:.1f} h")
    return "; ".join(parts)
