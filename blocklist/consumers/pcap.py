"""Writes the packets of connections that ask for a name or a page, in a file as packet tools read it (libpcap).

Nothing is sent. Each connection over TCP has its handshake, what the client asks, what the server answers, and its end;
one over UDP only what the client sends. The checksums are zero, so whoever reads the file must be told to check none.
"""

import socket
import ssl
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HTTP_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
# "handshake failure": a server that speaks no TLS either is let through, and no key is needed for it
TLS_ANSWER: Final = b"\x15\x03\x03\x00\x02\x02\x28"
_FILE: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)  # 101: bare IP packets
_RECORD: Final = struct.Struct("<IIII")
_IP: Final = struct.Struct("!BBHHHBBH4s4s")
_TCP: Final = struct.Struct("!HHIIBBHHH")
_UDP: Final = struct.Struct("!HHHH")
_TCP_NUMBER, _UDP_NUMBER = 6, 17
_WORDS: Final = 5 << 4  # the length of a TCP header without options
_FIN, _SYN, _PUSH, _ACK = 1, 2, 8, 16
_STARTS_S: Final = 1_700_000_000
# bytes in a packet; a hello of Chromium has 1,900, which are two packets on the wire, and here too each hello is cut
_MOST_IN_ONE: Final = 400


@dataclass(frozen=True, slots=True)
class Connection:
    """A client that asks a server for something and is answered; the addresses are IPv4."""

    client: tuple[str, int]
    server: tuple[str, int]
    asks: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class Datagrams:
    """What a client sends to a server over UDP; the addresses are IPv4."""

    client: tuple[str, int]
    server: tuple[str, int]
    sent: tuple[bytes, ...]


def hello(name: str) -> bytes:
    """The first flight of a TLS client that asks for the name; of one that asks for none where it is empty."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = bool(name)
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name or None)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()
    raise AssertionError("no client is done before it is answered")


def request(host: str, target: str) -> bytes:
    """A request of HTTP/1.1 for the target, with what stands in its Host header."""
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return head.encode("utf-8")


def write(path: Path, connections: Iterable[Connection | Datagrams]) -> None:
    """The file at `path` has the packets of the connections, one after the other."""
    with path.open("wb") as file:
        file.write(_FILE)
        for second, each in enumerate(connections, start=_STARTS_S):
            for micro, (_, packet) in enumerate(packets(each)):
                file.write(_RECORD.pack(second, micro, len(packet), len(packet)))
                file.write(packet)


def packets(connection: Connection | Datagrams) -> Iterator[tuple[bool, bytes]]:
    """The packets of a connection in their order, and of each whether the client sends it."""
    if isinstance(connection, Connection):
        yield from _of_tcp(connection)
        return
    (address, port), (to, to_port) = connection.client, connection.server
    for data in connection.sent:
        head = _UDP.pack(port, to_port, _UDP.size + len(data), 0)
        yield True, _packet(address, to, _UDP_NUMBER, head + data)


def _of_tcp(connection: Connection) -> Iterator[tuple[bool, bytes]]:
    client, server = _Side(*connection.client), _Side(*connection.server)
    yield True, client.says(server, _SYN)
    yield False, server.says(client, _SYN | _ACK)
    yield True, client.says(server, _ACK)
    for one, other, data in (
        (client, server, connection.asks),
        (server, client, connection.answer),
    ):
        for start in range(0, len(data), _MOST_IN_ONE):
            part = data[start : start + _MOST_IN_ONE]
            yield one is client, one.says(other, _PUSH | _ACK, part)
        yield other is client, other.says(one, _ACK)
    yield False, server.says(client, _FIN | _ACK)
    yield True, client.says(server, _FIN | _ACK)
    yield False, server.says(client, _ACK)


@dataclass(slots=True)
class _Side:
    """One end of a connection, and how much it has sent."""

    address: str
    port: int
    sent: int = 1000

    def says(self, other: "_Side", flags: int, data: bytes = b"") -> bytes:
        """The packet that goes to the other end with this data."""
        acked = other.sent if flags & _ACK else 0
        segment = _TCP.pack(self.port, other.port, self.sent, acked, _WORDS, flags, 65_535, 0, 0)
        self.sent += len(data) + bool(flags & (_SYN | _FIN))
        return _packet(self.address, other.address, _TCP_NUMBER, segment + data)


def _packet(source: str, target: str, number: int, data: bytes) -> bytes:
    ends = socket.inet_aton(source), socket.inet_aton(target)
    return _IP.pack(0x45, 0, _IP.size + len(data), 0, 0, 64, number, 0, *ends) + data
