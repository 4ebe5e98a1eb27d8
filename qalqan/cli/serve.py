"""`qalqan serve`: the review pages on this machine."""

import ipaddress
from pathlib import Path

import click

from qalqan.cli.options import data_option
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
def serve(
    data: Path, host: str, port: int, host_names: tuple[str, ...], *, behind_tls: bool
) -> None:
    """Serve the review pages until Ctrl+C, from a folder that has accounts or a store.

    \b
    Example:
      qalqan serve --port 8000
      qalqan serve --behind-tls --host-name qalqan.unit.example
    """
    from review_ui.server import serve as serve_pages

    if not behind_tls and not _is_loopback(host):
        click.echo(
            "Warning: without TLS anyone on the network can read passwords; put a proxy in front"
            " and say --behind-tls",
            err=True,
        )
    config = ServeConfig(
        data_dir=data, host=host, port=port, behind_tls=behind_tls, host_names=host_names
    )
    serve_pages(config, on_ready=lambda url: click.echo(f"serving at {url}"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
