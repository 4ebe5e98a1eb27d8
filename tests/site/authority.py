"""A time-stamp authority on loopback: `openssl ts` behind a few lines of HTTP."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_CONFIG: Final = """
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = Test authority
[ root ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[ signer ]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ tsa ]
default_tsa = stamps
[ stamps ]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """Answers time-stamp requests at `url`; `certificate` is the file with its root."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate = folder / "root.pem"
        self.answer: bytes | None = None  # given instead of a time-stamp
        self.asked = 0
        (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self._make("root", "-x509", "-extensions", "root", "-days", "3650")
        self._make("signer")
        self._openssl(
            "x509", "-req", "-in", "signer.pem", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2",
            "-days", "3650", "-extfile", "ts.cnf", "-extensions", "signer", "-out", "signer.crt",
        )  # fmt: skip
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def stamp(self, query: bytes) -> bytes:
        """The authority's answer to a request."""
        (self._folder / "query.tsq").write_bytes(query)
        self._openssl(
            "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query.tsq", "-inkey", "signer.key",
            "-signer", "signer.crt", "-out", "reply.tsr",
        )  # fmt: skip
        return (self._folder / "reply.tsr").read_bytes()

    def _make(self, name: str, *options: str) -> None:
        """A new key and, in `name`.pem, its certificate or the request for one."""
        self._openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "ts.cnf",
            "-subj", f"/CN=Test {name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", *options,
        )  # fmt: skip

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                authority.asked += 1
                data = authority.stamp(query) if authority.answer is None else authority.answer
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nothing: tests are quiet."""

        return Handler
