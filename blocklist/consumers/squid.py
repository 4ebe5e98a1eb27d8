"""Squid, with names, URLs and addresses as the lists of an `acl` each."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from blocklist.consumers import everything, programs
from blocklist.consumers.proxy import Proxy
from blocklist.consumers.questions import Answers, Asked, Consumer, Question, Run, Use
from review_queue.categories import Scope
from review_queue.hosts import parse_url

BINARY: Final = "squid"
PACKAGE: Final = "squid-openssl"
# what each file of the format is the list of
KINDS: Final = {
    "squid-dstdomain.txt": "dstdomain -n",
    "squid-url.txt": "url_regex",
    "squid-dst.txt": "dst",
}
_CONF: Final = """
http_port 127.0.0.1:{port}
pid_filename none
cache deny all
cache_mem 0 MB
cache_log {folder}/log
access_log none
coredump_dir {folder}
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
pinger_enable off
visible_hostname proxy.test
shutdown_lifetime 0 seconds
{settings}
http_access allow all
cache_peer 127.0.0.1 parent {origin} 0 no-query originserver no-digest
never_direct allow all
"""


@contextmanager
def running(
    files: Mapping[str, Path], addresses: Mapping[str, str], folder: Path, deadline: float
) -> Iterator[Proxy]:
    """Squid runs with these files of the list, by their names in it; names have the addresses given.

    Raises:
        DoesNotStartError: it ended, or did not answer in time.
    """
    with everything.site() as origin:
        port = programs.free_port()
        conf = write(folder, files, addresses, port=port, origin=origin)
        with programs.started(
            [programs.path_of(BINARY), "-N", "-f", str(conf)], folder,
            lambda: programs.takes_connections(port), deadline, who=programs.as_nobody(),
        ):  # fmt: skip
            yield Proxy(port)


def write(
    folder: Path, files: Mapping[str, Path], addresses: Mapping[str, str], *, port: int, origin: int
) -> Path:
    """The settings stand in the folder, with copies of the lists that nobody may read; returns their path."""
    settings = []
    for number, (name, path) in enumerate(files.items()):
        copy = folder / name
        if path != copy:
            shutil.copyfile(path, copy)
        copy.chmod(0o644)
        settings.append(f'acl qalqan{number} {KINDS[name]} "{copy}"')
        settings.append(f"http_access deny qalqan{number}")
    hosts = "".join(f"{address} {name}\n" for name, address in addresses.items())
    (folder / "hosts").write_text(hosts, encoding="ascii")
    conf = folder / "squid.conf"
    text = _CONF.format(port=port, origin=origin, folder=folder, settings="\n".join(settings))
    conf.write_text(text, encoding="utf-8")
    return conf


def _answers(use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
    addresses = {parse_url(each.what).host.name: each.address for each in questions if each.address}
    files = {name: lists / name for name in use.files}
    with running(files, addresses, run.folder, run.deadline) as proxy:
        yield from proxy.answers(questions, run.deadline)


CONSUMER: Final = Consumer(
    key="squid",
    name="Squid",
    package=PACKAGE,
    asked=Asked.PAGES,
    uses=(Use("squid", tuple(KINDS), frozenset(Scope)),),
    why_not_here=lambda: programs.missing(BINARY, PACKAGE),
    version=lambda: programs.version_of(BINARY, "-v"),
    answers=_answers,
)
