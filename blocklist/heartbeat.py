"""The heartbeat: a newer signature of the same manifest, which says that nothing has changed and the list still holds.

Without it a reader cannot tell a quiet publisher from one that is gone, or from somebody who keeps the new list from
it. The heartbeat lies in the snapshot it speaks of, so that it changes hands together with the list.
"""

import hashlib
import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from blocklist import cms, served, sign
from blocklist.served import ClockError, Served
from blocklist.signers import Signers
from blocklist.snapshots import locked, put_into
from review_queue.clock import later
from review_queue.errors import ExportError


def renew(out: Path, whole: Served, signers: Signers, *, valid_for: timedelta) -> str:
    """Each list that `out` serves has new heartbeats; returns until when they say it holds.

    Raises:
        ExportError: another list is served by now, or the folder cannot be written.
        ClockError: the heartbeat there speaks for longer than the new one would.
    """
    not_after = later(signers.clock(), valid_for.total_seconds())
    with locked(out):
        now = served.served(out)
        if now is None or now.manifest != whole.manifest:
            raise ExportError("another list was published meanwhile; run the same command again")
        for one in (*served.parts(now).values(), now):
            _check_later(one, signers, not_after)
            for name, data in signers.heartbeat(one.manifest, not_after=not_after).items():
                put_into(out, one.folder, name, data)
    return not_after


def until(one: Served, signers: Signers) -> str:
    """Until when the heartbeat that is there says the list holds; "" where none of ours is there."""
    found = [""]
    with suppress(OSError, sign.BadSignatureError):
        if signers.minisign:
            text = (one.folder / sign.HEARTBEAT_NAME).read_text("utf-8", "replace")
            said = sign.verify_minisign(one.manifest, text, signers.minisign.public_key())
            parts = dict(each.split(":", maxsplit=1) for each in said.split("\t"))
            found.append(parts.get("not_after", ""))
    with suppress(OSError, sign.BadSignatureError):
        if signers.cms:
            signed = (one.folder / sign.CMS_HEARTBEAT_NAME).read_bytes()
            about = json.loads(cms.signed(signed, signers.cms.certificate))
            if about["sha256"] == hashlib.sha256(one.manifest).hexdigest():
                found.append(about["not_after"])
    return max(found)


def _check_later(one: Served, signers: Signers, not_after: str) -> None:
    before = until(one, signers)
    if before > not_after:
        raise ClockError(
            f"the list was said to hold until {before}, and by the clock of now it would until {not_after}: set the"
            " clock; where it is right and was wrong then, add --clock-is-right"
        )
