"""The `qalqan` command: finds its commands by name, and turns errors into one line and an exit code."""

import importlib
import sys
from typing import Final

import click

from review_queue.errors import QalqanError

# read only when asked for: `qalqan --help` must not wait for scikit-learn, Scrapy and Django (2 s)
COMMANDS: Final = {
    "demo": "qalqan.cli.demo:demo",
    "crawl": "qalqan.cli.crawl:crawl",
    "rounds": "qalqan.cli.rounds:rounds",
    "seeds": "qalqan.cli.seeds:seeds",
    "score": "qalqan.cli.score:score",
    "schedule": "qalqan.cli.schedule:schedule",
    "thresholds": "qalqan.cli.thresholds:thresholds",
    "queue": "qalqan.cli.queue:queue",
    "users": "qalqan.cli.users:users",
    "serve": "qalqan.cli.serve:serve",
    "entries": "qalqan.cli.entries:entries_",
    "export": "qalqan.cli.export:export",
    "publish": "qalqan.cli.publish:publish",
    "keys": "qalqan.cli.keys:keys",
    "providers": "qalqan.cli.providers:providers_",
    "feed": "qalqan.cli.feed:feed",
    "export-hashes": "qalqan.cli.export_hashes:export_hashes",
    "primary": "qalqan.cli.primary:primary",
    "recheck": "qalqan.cli.recheck:recheck",
    "guards": "qalqan.cli.guards:guards",
    "overrides": "qalqan.cli.overrides:overrides",
    "evidence": "qalqan.cli.evidence:evidence",
    "audit": "qalqan.cli.audit:audit",
    "classify": "qalqan.cli.classify:classify",
    "train": "qalqan.cli.train:train",
    "evaluate": "qalqan.cli.evaluate:evaluate",
    "models": "qalqan.cli.models:models",
    "simulate": "qalqan.cli.simulate:simulate",
}
EXIT_INTERRUPTED: Final = 130


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The commands in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101  # the table above is ours
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="qalqan")
def cli() -> None:
    """Find websites that promote suicide or violence, let people decide, export block lists.

    \b
    Example:
      qalqan demo
    """


def main() -> None:
    """The command line was carried out; the process ends with its exit code."""
    try:
        cli.main(standalone_mode=False)
    except QalqanError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone: nobody is left to be told
        sys.exit(1)
