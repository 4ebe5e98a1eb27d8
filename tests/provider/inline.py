"""A program with Suricata inline on a wire, which tells of each connection it is asked to try whether it passes.

It runs in a network namespace of its own: `one` is the client's end and `four` the server's; between `two` and `three`
stands the engine, which carries over what it does not drop. It reads lines such as `tls NAME`, `quic NAME`, `http NAME`
and `old NAME`, a request on a connection that was there before the engine.
"""

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from blocklist.consumers import pcap, programs, quic
from blocklist.consumers.pcap import Connection, Datagrams

SETTINGS: Final = """%YAML 1.1
---
{sample}
unix-command: {{enabled: yes, filename: {folder}/socket}}
outputs: []
logging:
  outputs:
    - console: {{enabled: yes}}
app-layer:
  protocols:
    tls: {{enabled: yes, detection-ports: {{dp: 443}}}}
    http: {{enabled: yes}}
    quic: {{enabled: yes}}
capture: {{checksum-validation: none}}
stream: {{checksum-validation: no}}
af-packet:
  - {{interface: two, copy-iface: three, copy-mode: ips, threads: 1, cluster-id: 1, cluster-type: cluster_flow}}
  - {{interface: three, copy-iface: two, copy-mode: ips, threads: 1, cluster-id: 2, cluster-type: cluster_flow}}
"""
_IPV4: Final = 0x0800
_ETHERNET: Final = bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + _IPV4.to_bytes(2)
_SERVER: Final = "192.0.2.7"
_BEGIN, _END = 3, 3  # packets
_WAIT_S: Final = 0.2
_START_S: Final = 60.0


class Wire:
    """The two ends of the wire."""

    def __init__(self) -> None:
        self._ends = tuple(_end(name) for name in ("one", "four"))
        self._number = 0

    def carries_both_ways(self) -> None:
        """The engine is there."""
        for is_client in (True, False):
            self._carries(b"", is_client=is_client)

    def state(self, speaks: str, name: str) -> str:
        """Whether a connection that asks for the name is open; blocked, where what it asks does not arrive."""
        packets = [*pcap.packets(self._asks(speaks, name))]
        if speaks == "old":  # the engine has seen neither how it began nor how it ends
            packets = packets[_BEGIN:-_END]
        begin = _BEGIN if speaks in ("tls", "http") else 0
        for place, (is_client, packet) in enumerate(packets):
            if not self._carries(packet, is_client=is_client):
                return "not begun" if place < begin else "blocked"
        return "open"

    def _asks(self, speaks: str, name: str) -> Connection | Datagrams:
        if speaks == "quic":
            sent = tuple(quic.initials(pcap.hello(name)))
            return Datagrams(self._client(), (_SERVER, 443), sent)
        is_tls = speaks == "tls"
        data = pcap.hello(name) if is_tls else pcap.request(name, "/")
        return Connection(self._client(), (_SERVER, 443 if is_tls else 80), data, b"")

    def _client(self) -> tuple[str, int]:
        """An address that no other client has."""
        self._number += 1
        return f"198.18.{self._number >> 8}.{self._number & 0xFF}", 40_000

    def _carries(self, packet: bytes, *, is_client: bool) -> bool:
        """Whether the packet comes before one that nothing stops, which is sent after it."""
        here, there = self._ends if is_client else self._ends[::-1]
        after = next(pcap.packets(Connection(self._client(), (_SERVER, 9), b"", b"")))[1]
        end = time.monotonic() + _START_S
        has_come = False
        here.send(_ETHERNET + packet)
        while time.monotonic() < end:
            here.send(_ETHERNET + after)
            try:
                while (found := there.recv(65_535)[len(_ETHERNET) :]) != after:
                    has_come = has_come or found == packet
            except TimeoutError:
                continue
            return has_come
        raise SystemExit("the engine carries nothing")


def _end(name: str) -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4))
    found.bind((name, 0))
    found.settimeout(_WAIT_S)
    return found


def _wires() -> None:
    ip = programs.path_of("ip")
    for one, other in (("one", "two"), ("three", "four")):
        wire = [ip, "link", "add", "dev", one, "type", "veth", "peer", "name", other]
        subprocess.run(wire, check=True)
        for name in (one, other):
            subprocess.run([ip, "link", "set", name, "up"], check=True)


def main(folder: Path, sample: str) -> None:
    """The engine runs with the sample until there is nothing more to read; each line is answered with one."""
    _wires()
    conf = folder / "suricata.yaml"
    conf.write_text(SETTINGS.format(folder=folder, sample=sample), encoding="utf-8")
    command = [programs.path_of("suricata"), "-c", str(conf), "--af-packet", "-l", str(folder)]
    with (
        (folder / "output").open("wb") as log,
        subprocess.Popen(
            programs.tied(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as engine,
    ):
        try:
            wire = Wire()
            wire.carries_both_ways()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            for line in sys.stdin:
                sys.stdout.write(f"{wire.state(*line.split())}\n")
                sys.stdout.flush()
        finally:
            engine.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).read_text("utf-8"))
