"""`qalqan export-hashes`: the list for one provider as keyed hashes, so that it is no directory of harmful sites."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from blocklist import hashed, hashed_file
from qalqan.cli.options import data_option, json_option, login
from review_queue.store import open_store


@click.command("export-hashes")
@data_option
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The provider's key in hexadecimal, 32 bytes or more; only its owner may read the file.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File the hashes are written to.",
)
@click.option(
    "--prefix-bytes",
    type=click.IntRange(hashed.SHORTEST, hashed.LONGEST),
    default=hashed.PREFIX_BYTES,
    show_default=True,
    help="How much of each hash the file has.",
)
@json_option
def export_hashes(data: Path, key_file: Path, out: Path, prefix_bytes: int, as_json: bool) -> None:
    """Write the live entries as hashes that only the holder of a key can look URLs up in.

    Each provider has a key of its own. The serial is that of the newest export. Where the list changes in size as
    none should against the file that stands there, or the guards' data are damaged, only what was lifted leaves
    that file, and the exit code is 1.

    \b
    Example:
      openssl rand -hex 32 > provider.key && chmod 600 provider.key
      qalqan export-hashes --data data --key-file provider.key --out provider.hashes
    """
    key = hashed_file.read_key(key_file)
    with open_store(data, create=False) as store:
        report = hashed_file.write(
            store, out, key, actor=f"cli:{login()}", prefix_bytes=prefix_bytes
        )
    if as_json:
        click.echo(json.dumps(asdict(report)))
    else:
        click.echo(
            f"serial {report.serial}, {report.entries} entries, {report.unsafe} held back,"
            f" key {report.key_id}: {click.format_filename(out)}"
        )
