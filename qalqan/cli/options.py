"""Options that several commands share."""

from pathlib import Path

import click

from qalqan.settings import default_data_dir

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_data_dir,
    show_default="$QALQAN_DATA, else qalqan/ in your data folder",
    help="Folder of the store, accounts and lists.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
