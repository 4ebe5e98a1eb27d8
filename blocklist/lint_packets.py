"""The last look at the lists of what filters packets: addresses and networks, each fit to be listed, none in another.

nftables loads `0.0.0.0/0` without a word and drops everything; Squid ignores one of two networks that overlap.
"""

import ipaddress
from typing import Final

from blocklist import guards
from blocklist.lint_lines import fault
from review_queue.categories import Scope

_VERSIONS: Final = (4, 6)


class Networks:
    """The addresses and networks of a file as they come: in order, each beyond the one before it."""

    def __init__(self) -> None:
        self.count = 0
        self._last = (0, -1)  # the family and the last address seen

    def add(self, number: int, text: str, versions: tuple[int, ...] = _VERSIONS) -> None:
        """`text`, on line `number`, is counted, once it is known to be harmless.

        Raises:
            ExportError: it is no address or network, one that must not be listed, or out of order.
        """
        reason = guards.refusal(Scope.CIDR if "/" in text else Scope.IP, text)
        if reason:
            raise fault(number, f"has an address that must not be listed: {reason}")
        network = ipaddress.ip_network(text)
        if network.version not in versions:
            raise fault(number, "has an address of the other family")
        if (network.version, int(network[0])) <= self._last:
            raise fault(number, "repeats an address, is out of order or lies in another network")
        self._last = (network.version, int(network[-1]))
        self.count += 1
