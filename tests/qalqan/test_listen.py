"""Where metrics are served: an address and a port, of this machine alone unless that is said."""

import pytest

from qalqan.listen import Listen


@pytest.mark.parametrize(
    ("text", "shown", "is_local"),
    [
        ("9410", "127.0.0.1:9410", True),
        ("127.0.0.1:9410", "127.0.0.1:9410", True),
        ("127.0.0.9:0", "127.0.0.9:0", True),
        ("localhost:9410", "127.0.0.1:9410", True),
        ("[::1]:65535", "[::1]:65535", True),
        ("0.0.0.0:9410", "0.0.0.0:9410", False),
        ("[::]:9410", "[::]:9410", False),
        ("10.0.0.7:9410", "10.0.0.7:9410", False),
    ],
)
def test_an_address_and_a_port_are_read(text: str, shown: str, *, is_local: bool) -> None:
    listen = Listen.parse(text)

    assert (str(listen), listen.is_local) == (shown, is_local)


@pytest.mark.parametrize(
    "text",
    ["", ":", ":9410", "9410:", "host.example:9410", "127.0.0.1", "127.0.0.1:65536", "::1:9410",
     "[127.0.0.1]:9410", "127.0.0.1:-1", "127.0.0.1:9 4", "0x7f.1:9410", "[]:9410", "9410/metrics"],
)  # fmt: skip
def test_what_says_neither_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 127.0.0.1:9410, or a port alone"):
        Listen.parse(text)
