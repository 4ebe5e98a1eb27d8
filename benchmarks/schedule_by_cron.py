"""A round that a real cron starts, at its own minutes, over a loopback web: how late, how long, what was counted.

    uv run python -m benchmarks.schedule_by_cron --cron /usr/sbin/cron --rounds 2

Debian's cron runs in a mount namespace of its own, with nothing but the line that `qalqan schedule install --cron`
prints; its five minutes are made one. The first round to be seen was missed before (it never ran), the others come at
their minute. Needs root, for the namespace; the machine's own crontabs are neither read nor changed.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.site.web import Web

_NAMESPACE = """
set -e
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /run
mount -t tmpfs none /var/spool
mkdir -p /var/spool/cron/crontabs
cp "$1" /var/spool/cron/crontabs/root
chmod 600 /var/spool/cron/crontabs/root
exec "$2" -f
"""
_ROUND = """
[[rounds]]
name = "minutely"
cron = "* * * * *"
seeds = "seeds.txt"
data = "data"
proxy = "{proxy}"
delay = 0
score = false
"""


def qalqan(*words: str) -> str:
    """What the program prints."""
    command = [sys.executable, "-m", "qalqan", "schedule", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rounds_by_cron(cron: str, wanted: int, folder: Path, proxy: str) -> list[dict[str, Any]]:
    """The first `wanted` runs that cron started, the oldest first."""
    config = folder / "qalqan.toml"
    config.write_text(_ROUND.format(proxy=proxy), encoding="utf-8")
    (folder / "seeds.txt").write_text("http://s1.example/\n", encoding="utf-8")
    line = qalqan("install", "--cron", "--config", str(config)).replace("*/5", "*", 1)
    (folder / "crontab").write_text(line, encoding="utf-8")
    namespace = ["unshare", "--mount", "sh", "-c", _NAMESPACE, "sh", str(folder / "crontab"), cron]
    running = subprocess.Popen(namespace, start_new_session=True)
    try:
        found: list[dict[str, Any]] = []
        while len(found) < wanted and running.poll() is None:
            time.sleep(1)
            said = json.loads(qalqan("history", "--json", "--config", str(config)))
            found = [run for run in reversed(said) if run["ended_at"]]
        return found
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(10)


def main() -> None:
    """The runs stand on standard output, one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cron", default="/usr/sbin/cron")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    with Web() as web, tempfile.TemporaryDirectory() as folder:
        web.put("http://s1.example/", "<p>Bread needs flour.</p>")
        found = rounds_by_cron(asked.cron, asked.rounds, Path(folder), web.proxy)
        asked_for = len(web.pages_asked())
    for run in found:
        print(run["started_at"], run["ended_at"], run["outcome"], json.dumps(run["counts"]))
    print(f"{len(found)} rounds started by cron, {asked_for} pages asked for")


if __name__ == "__main__":
    main()
