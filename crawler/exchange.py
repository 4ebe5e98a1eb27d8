"""One request and its response as they went over the wire, free of Scrapy's classes."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and what came back; nothing of it is decoded, so nothing of it can have done harm yet."""

    url: str  # as asked for, after redirects
    method: str
    request_head: bytes  # request line and headers, with the empty line that ends them
    status: int
    response_head: bytes  # likewise
    payload: bytes = field(repr=False)  # transfer-decoded, still in its content encoding
    fetched_at: str
    ip: str = ""
    tls: str = ""  # JSON: version, cipher, SHA-256 of the certificate, faults; "" for http
    truncated: str = ""  # why the payload ends early, "" where it is whole
