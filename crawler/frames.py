"""Messages between a crawl and its readers: one pickled head and any number of bodies, which are not copied.

Both ends are ours; nothing a site sent is ever unpickled, bodies cross as they are.
"""

import pickle
import socket
import struct
from collections.abc import Sequence
from typing import Any, Final

_COUNT: Final = struct.Struct("<I")
_LENGTH: Final = struct.Struct("<Q")
_JOINED: Final = 1536 * 1024  # up to this size one call sends all of it
_BUFFER: Final = 1024 * 1024  # systems give 400 KB at most, as a rule

Frame = tuple[Any, list[bytes]]


def widen(connection: socket.socket) -> None:
    """A message of some pages fits between the two ends, as far as the system allows: who sends it need not wait."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)


def packed(head: object, bodies: Sequence[bytes] = ()) -> list[bytes]:
    """The bytes of a message, as parts to be sent one after the other."""
    first = pickle.dumps(head, protocol=5)
    lengths = [len(first), *map(len, bodies)]
    prefix = _COUNT.pack(len(lengths)) + b"".join(map(_LENGTH.pack, lengths))
    if sum(lengths) <= _JOINED:
        return [b"".join((prefix, first, *bodies))]
    return [prefix + first, *bodies]


def send(connection: socket.socket, head: object, bodies: Sequence[bytes] = ()) -> None:
    """The message was sent."""
    for part in packed(head, bodies):
        connection.sendall(part)


def receive(connection: socket.socket) -> Frame:
    """The next message.

    Raises:
        EOFError: the other end is gone.
    """
    (count,) = _COUNT.unpack(_exactly(connection, _COUNT.size))
    lengths = lengths_of(_exactly(connection, count * _LENGTH.size))
    whole = memoryview(_exactly(connection, sum(lengths)))
    parts, start = [], 0
    for length in lengths:
        parts.append(bytes(whole[start : start + length]))
        start += length
    return opened(parts)


def count_of(prefix: bytes) -> int:
    """How many bytes of lengths follow the first bytes of a message."""
    return int(_COUNT.unpack(prefix)[0]) * _LENGTH.size


def lengths_of(lengths: bytes | bytearray) -> list[int]:
    """How long the parts of a message are."""
    return [length for (length,) in _LENGTH.iter_unpack(lengths)]


def opened(parts: Sequence[bytes]) -> Frame:
    """The message of these parts."""
    return pickle.loads(parts[0]), list(parts[1:])  # noqa: S301  # ours, see above


PREFIX_BYTES: Final = _COUNT.size


def _exactly(connection: socket.socket, size: int) -> bytearray:
    held = bytearray(size)
    view = memoryview(held)
    while view:
        # one call for all of it: a thread that comes back for more has to wait for the interpreter each time
        received = connection.recv_into(view, 0, socket.MSG_WAITALL)
        if not received:
            raise EOFError
        view = view[received:]
    return held
