"""The process that holds the browser: it opens one page after the other and tells what became of it.

It keeps no watch over time and memory: a page that hangs may hang this process as well, so the crawl's process does,
and kills it with everything below it.
"""

import base64
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final, Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Error,
    Page,
    Route,
    ViewportSize,
    sync_playwright,
)
from playwright.sync_api import (
    TimeoutError as WaitedTooLong,
)

from crawler.browser_job import READY, BrowserStart, Rendered, RenderJob
from crawler.processes import adopt_orphans, die_with_parent

_VIEW: Final[ViewportSize] = {"width": 1280, "height": 960}
_SHOWN: Final[ViewportSize] = {"width": 480, "height": 360}  # of the blurred picture
# the part of a page's time that is waited for the page itself, and then for what its scripts still fetch
_RESTS: Final[tuple[tuple[Literal["domcontentloaded", "networkidle"], float], ...]] = (
    ("domcontentloaded", 0.4),
    ("networkidle", 0.25),
)
_MOST_REQUESTS: Final = 300
_MOST_NAVIGATIONS: Final = 50
_UNWANTED: Final = frozenset({"image", "media", "font", "texttrack", "eventsource", "manifest"})
_MOST_FILE_BYTES: Final = 256 * 1024 * 1024
_OK: Final = 200
# with what stands in open shadow trees, which the document's own markup leaves out; run in a world of its own, where
# the page has changed nothing
_MARKUP: Final = """
(() => {
  const parts = ['<!DOCTYPE html>', document.documentElement ? document.documentElement.outerHTML : ''];
  const roots = [document];
  while (roots.length) {
    for (const element of roots.pop().querySelectorAll('*')) {
      if (element.shadowRoot) { parts.push(element.shadowRoot.innerHTML); roots.push(element.shadowRoot); }
    }
  }
  return parts.join('\\n').slice(0, %d);
})()
"""
# of the picture of the page, not of the page: no style of its own can undo this. Pictures in pages are switched off for
# the whole browser, so this one is decoded by hand
_BLUR: Final = """
async ([picture, width, height]) => {
  const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  context.filter = 'blur(6px)';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas.toDataURL('image/png').split(',')[1];
}
"""


def work(start: BrowserStart, pipe: Connection) -> None:
    """Every job that came through `pipe` has had its answer; the pipe is closed at the other end."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the crawl decides
    os.setsid()
    adopt_orphans()
    die_with_parent(start.parent_pid)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    _prepare(start)
    program, arguments = start.command()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=arguments,
            ignore_default_args=True,
            handle_sigint=False,
            env={"HOME": str(start.folder), "TMPDIR": str(start.folder), "LANG": "C.UTF-8"},
        )
        # the crawl has ended, or the browser has: either way the crawl's process knows
        with suppress(EOFError, OSError, Error):
            _serve(browser, start.proxy_port, pipe)
        with suppress(Error):
            browser.close()


def _prepare(start: BrowserStart) -> None:
    os.environ["TMPDIR"] = str(start.folder)
    profile = start.folder / "profile"
    profile.mkdir(parents=True, exist_ok=True)
    # it would ask name servers of its own over https otherwise, where it knows them
    state = {"dns_over_https": {"mode": "off", "templates": ""}}
    (profile / "Local State").write_text(json.dumps(state), encoding="utf-8")


def _serve(browser: Browser, proxy_port: int, pipe: Connection) -> None:
    while True:
        pipe.send(READY)
        job: RenderJob = pipe.recv()
        context = _context(browser, proxy_port, job)
        try:
            pipe.send(_Visit(context, job).made(browser))
        except WaitedTooLong:
            pipe.send(Rendered(error="time"))
        except Error as error:
            pipe.send(Rendered(error=f"failed: {error.message.splitlines()[0][:200]}"))
        context.close()


def _context(browser: Browser, proxy_port: int, job: RenderJob) -> BrowserContext:
    context = browser.new_context(
        proxy={
            "server": f"http://127.0.0.1:{proxy_port}",
            "bypass": "<-loopback>",
            "username": job.user,
            "password": job.password,
        },
        user_agent=job.user_agent,
        extra_http_headers={"Accept-Language": "kk,ru;q=0.8,en;q=0.6"},
        ignore_https_errors=True,  # a crawl reads what a careless visitor would; faults are told elsewhere
        accept_downloads=False,
        service_workers="block",
        permissions=[],
        viewport=_VIEW,
    )
    context.set_default_timeout(job.seconds * 1000)
    return context


class _Visit:
    """One page in a context of its own."""

    def __init__(self, context: BrowserContext, job: RenderJob) -> None:
        self._context = context
        self._job = job
        self._page: Page = context.new_page()
        self._requests = 0
        self._navigations: list[str] = []
        self._began = False
        context.route("**/*", self._gate)

    def made(self, browser: Browser) -> Rendered:
        """The page as its scripts have built it.

        Raises:
            Error: it could not be opened, or not in time.
        """
        response = self._page.goto(self._job.url, wait_until="commit")
        if response is None:
            return Rendered(error="failed: no answer")
        if response.status != _OK:
            return Rendered(url=self._page.url, status=response.status, error="status")
        for state, part in _RESTS:
            with suppress(WaitedTooLong):  # a page that never rests is read as it stands
                self._page.wait_for_load_state(state, timeout=self._job.seconds * 1000 * part)
        session = self._context.new_cdp_session(self._page)
        html = self._markup(session)
        wanted = self._job.screenshots
        picture = b"" if wanted == "none" else _picture(session)
        return Rendered(
            url=self._page.url,
            status=response.status,
            html=html,
            blurred=_blurred(browser, picture) if picture else b"",
            sharp=picture if wanted == "sharp" else b"",
            navigations=tuple(dict.fromkeys(self._navigations)),
            requests=self._requests,
        )

    def _gate(self, route: Route) -> None:
        """Let the one page and what it is built from pass; where it wants to go on to is only noted."""
        request = route.request
        self._requests += 1
        is_page = request.is_navigation_request() and request.frame == self._page.main_frame
        if is_page and self._began:
            if len(self._navigations) < _MOST_NAVIGATIONS:
                self._navigations.append(request.url)
            route.fulfill(
                status=204
            )  # the page stays: after an abort, the browser's own error page came
        elif (
            self._requests > _MOST_REQUESTS
            or request.resource_type in _UNWANTED
            or not request.url.startswith(("http://", "https://"))
        ):
            route.abort()
        else:
            self._began = self._began or is_page
            route.continue_()

    def _markup(self, session: CDPSession) -> bytes:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame})
        found = session.send(
            "Runtime.evaluate",
            {
                "expression": _MARKUP % self._job.max_chars,
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        return str(found["result"].get("value", "")).encode("utf-8", "replace")


def _picture(session: CDPSession) -> bytes:
    clip = {"x": 0, "y": 0, **_VIEW, "scale": 0.5}
    shot = session.send("Page.captureScreenshot", {"format": "png", "clip": clip})
    return base64.b64decode(shot["data"])


def _blurred(browser: Browser, picture: bytes) -> bytes:
    """`picture` small and blurred, drawn by a page of our own that reaches nothing."""
    context = browser.new_context(offline=True)
    try:
        drawn = context.new_page().evaluate(
            _BLUR, [base64.b64encode(picture).decode("ascii"), _SHOWN["width"], _SHOWN["height"]]
        )
        return base64.b64decode(drawn)
    finally:
        context.close()


def main() -> None:
    """The process has done its work; the number of its end of the pipe is its one argument."""
    pipe = Connection(int(sys.argv[1]))
    work(pipe.recv(), pipe)


if __name__ == "__main__":
    main()
