"""What passes between a crawl and its browser's process, and how the browser is started."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from review_queue.errors import QalqanError

READY: Final = "ready"  # what a browser's process says when it may be sent a page
# the program itself first: Debian's launcher adds keys for Google's services and loads extensions
_PLACES: Final = ("/usr/lib/chromium/chromium", "/usr/bin/chromium")
_SETPRIV: Final = "setpriv"
_FEATURES_OFF: Final = (
    "AsyncDns",
    "AutofillServerCommunication",
    "BackForwardCache",
    "CertificateTransparencyComponentUpdater",
    "DestroyProfileOnBrowserClose",
    "DialMediaRouteProvider",
    "DnsOverHttps",
    "GlobalMediaControls",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkPrediction",
    "OptimizationHints",
    "PaintHolding",
    "Prerender2",
    "PreconnectToSearch",
    "SpareRendererForSitePerProcess",
    "Translate",
    "UseDnsHttpsSvcb",
)
_FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-startup-window",
    # nothing of its own accord
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-client-side-phishing-detection",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-field-trial-config",
    "--metrics-recording-only",
    "--no-pings",
    "--no-service-autorun",
    "--password-store=basic",
    "--use-mock-keychain",
    f"--disable-features={','.join(_FEATURES_OFF)}",
    # no way past the proxy: not even a name is looked up
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # its former name
    # what a page needs not in order to be read
    "--block-new-web-contents",
    "--blink-settings=imagesEnabled=false",
    "--disable-3d-apis",
    "--disable-gpu",
    "--disable-notifications",
    "--disable-remote-fonts",
    "--disable-speech-api",
    "--disable-file-system",
    "--deny-permission-prompts",
    "--mute-audio",
    "--noerrdialogs",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--js-flags=--max-old-space-size=512",
    "--disable-dev-shm-usage",  # which is small in containers
)


class NoBrowserError(QalqanError):
    """The browser that a crawl was told to use is not there, or must not be started so."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Browsing:
    """How a crawl uses a browser for pages that only a script builds.

    `memory_mb` is that of the browser with all its processes; `screenshots` is "blurred", "sharp" (a sharp one as
    well, for the evidence alone) or "none".
    """

    sandbox: bool = True
    screenshots: str = "blurred"
    at_once: int = 1
    page_s: float = 20.0
    memory_mb: int = 1_024
    max_bytes: int = 20 * 1024 * 1024  # of one page and all it loads, both ways


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One page to be opened; `user` and `password` are those of its pass through the proxy."""

    url: str
    user: str
    password: str
    user_agent: str
    seconds: float
    max_chars: int  # of the page as its scripts built it
    screenshots: str = "blurred"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a browser made of a page; `error` says why it made nothing, and all else is empty then.

    `navigations` are the addresses its scripts wanted to go to, which were not followed.
    """

    url: str = ""
    status: int = 0
    html: bytes = b""  # in UTF-8
    blurred: bytes = b""  # a small PNG
    sharp: bytes = b""
    navigations: tuple[str, ...] = ()
    requests: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class BrowserStart:
    """How a browser's process begins: `folder` is its own, for all it writes."""

    chromium: str
    folder: Path
    proxy_port: int
    parent_pid: int
    sandbox: bool = True

    def command(self) -> tuple[str, list[str]]:
        """The program to run and its arguments; it is killed when what started it ends."""
        setpriv = shutil.which(_SETPRIV)
        if setpriv is None:
            raise NoBrowserError(f"{_SETPRIV} is not installed; install the package util-linux")
        flags = [*_FLAGS, f"--proxy-server=http://127.0.0.1:{self.proxy_port}"]
        flags += [f"--user-data-dir={self.folder / 'profile'}"]
        if not self.sandbox:
            flags.append("--no-sandbox")
        return setpriv, ["--pdeathsig", "KILL", "--", self.chromium, *flags]


def find_chromium(places: Sequence[str] | None = None, *, sandbox: bool = True) -> str:
    """The path of Debian's Chromium, where everything that a crawl needs to use it is there.

    Raises:
        NoBrowserError: a part is missing, or Chromium would have to run as root without its sandbox unasked.
    """
    if find_spec("playwright") is None:
        raise NoBrowserError(
            "the browser needs the extra: pip install 'qalqan[browser]' (or uv sync --extra browser)"
        )
    chromium = next((place for place in places or _PLACES if os.access(place, os.X_OK)), None)
    if chromium is None:
        raise NoBrowserError("Chromium is not installed; apt-get install chromium")
    if sandbox and os.geteuid() == 0:
        raise NoBrowserError(
            "Chromium's sandbox does not work for root: run the crawl as an unprivileged user, or, where this machine"
            " holds nothing else, say --no-browser-sandbox"
        )
    return chromium
