"""`qalqan serve`: the review pages on this machine."""

import ipaddress
from pathlib import Path

import click

from qalqan.cli.options import data_option
from qalqan.settings import default_config, read_rounds
from review_ui.config import ServeConfig


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes a free one.",
)
@click.option(
    "--host-name",
    "host_names",
    multiple=True,
    help="A name people type in the browser; may be given several times.",
)
@click.option(
    "--behind-tls",
    is_flag=True,
    help="A proxy on this machine ends TLS and sends X-Forwarded-Proto: cookies go over https only.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="$QALQAN_CONFIG, else qalqan.toml in this folder where there is one",
    help="The file of planned rounds: the crawl page says which one is missing.",
)
def serve(
    data: Path,
    host: str,
    port: int,
    host_names: tuple[str, ...],
    *,
    behind_tls: bool,
    config: Path | None,
) -> None:
    """Serve the review pages until Ctrl+C, from a folder that has accounts or a store.

    \b
    Example:
      qalqan serve --port 8000
      qalqan serve --behind-tls --host-name qalqan.unit.example
      qalqan serve --config /srv/qalqan/qalqan.toml
    """
    from qalqan.lent import lent
    from review_ui.server import serve as serve_pages

    if not behind_tls and not _is_loopback(host):
        click.echo(
            "Warning: without TLS anyone on the network can read passwords; put a proxy in front"
            " and say --behind-tls",
            err=True,
        )
    pages = ServeConfig(
        data_dir=data,
        host=host,
        port=port,
        behind_tls=behind_tls,
        host_names=host_names,
        lent=lent(data, _plan(config)),
    )
    serve_pages(pages, on_ready=lambda url: click.echo(f"serving at {url}"))


def _plan(named: Path | None) -> Path | None:
    """The file of planned rounds; None where none was named and none is in its usual place.

    Raises:
        SettingsError: the file named is not there or cannot be understood.
    """
    if named:
        read_rounds(named)
        return named.absolute()
    usual = default_config()
    return usual.absolute() if usual.exists() else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
