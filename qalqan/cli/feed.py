"""`qalqan feed`: the lists by HTTP for providers, and public questions about single addresses."""

import ipaddress
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from qalqan.cli.options import data_option
from qalqan.listen import Listen


def _listen(_context: click.Context, _option: click.Parameter, text: str) -> Listen:
    try:
        return Listen.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _addresses(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> frozenset[str]:
    try:
        return frozenset(str(ipaddress.ip_address(text)) for text in texts)
    except ValueError as error:
        raise click.BadParameter(f"{error}; write one such as 127.0.0.1") from None


@click.command()
@data_option
@click.option(
    "--lists",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder the lists were published to.",
)
@click.option(
    "--listen",
    callback=_listen,
    default="127.0.0.1:8080",
    show_default=True,
    metavar="[ADDRESS:]PORT",
    help="Where to listen; port 0 takes a free one.",
)
@click.option(
    "--notices",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML file with who decides and how to appeal, for the public pages.",
)
@click.option(
    "--trusted-proxy",
    "trusted",
    multiple=True,
    callback=_addresses,
    help="Address of a proxy that ends TLS, whose word on a reader's address and certificate counts.",
)
@click.option(
    "--lookups-an-hour",
    type=click.FloatRange(min=1),
    default=30,
    show_default=True,
    help="Public questions one address may ask.",
)
def feed(
    data: Path,
    lists: Path,
    listen: Listen,
    notices: Path | None,
    trusted: frozenset[str],
    lookups_an_hour: float,
) -> None:
    """Serve the lists to providers who have a token, and answer site owners, until Ctrl+C.

    \b
    Example:
      qalqan feed --data /srv/qalqan --lists /srv/lists --listen 127.0.0.1:8080
      qalqan feed --lists lists --notices notices.toml --trusted-proxy 127.0.0.1
    """
    from blocklist import snapshots
    from blocklist.feed import notices as told
    from blocklist.feed.app import FeedConfig, Limits
    from blocklist.feed.server import serve

    config = FeedConfig(
        data,
        lists,
        trusted,
        told.read(notices) if notices else told.unfilled(),
        Limits(lookups_an_hour=lookups_an_hour),
    )
    if config.notices.has_placeholders:
        click.echo(
            "Warning: the public pages have placeholders; fill in a file for --notices", err=True
        )
    if snapshots.current(lists) is None:
        click.echo(
            f"Warning: {click.format_filename(lists)} has no list, so readers get 503; name the folder that `qalqan"
            " publish --out` writes, or run it now",
            err=True,
        )
    if not listen.is_local:
        click.echo(
            "Warning: without TLS anyone on the network can read tokens; put a proxy in front and"
            " listen on 127.0.0.1",
            err=True,
        )
    # as on Ctrl+C: the requests at work are done and the pull log is written
    signal.signal(signal.SIGTERM, _end)
    serve(config, listen.host, listen.port, on_ready=lambda url: click.echo(f"serving at {url}"))


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
