"""One client factory: time-outs, TLS, proxy, size caps; HTTP faults become our errors here only.

A connector or target asks its context: `context.http("https://...", auth=("user", "password"))`.
Redirects are never followed (a login page would look like an answer), other origins are refused
(credentials would leak), bodies are capped. GET is retried three times with back-off; all else is
sent once, because only the engine knows whether a repeat is harmless.

The port is `Http`; what carries it is a `Transport`: httpx for connectors, own connections for
delivery, where one-by-one targets make the cost of a call count.
"""

from hub.http.answer import Answer, Headers
from hub.http.client import Http
from hub.http.factory import HttpFactory
from hub.http.faults import retry_after
from hub.http.options import MAX_BYTES, MAX_WAIT, TOTAL, HttpOptions, Sleep
from hub.http.tls import tls_context
from hub.http.transport import Reply, Transport

__all__ = [
    "MAX_BYTES",
    "MAX_WAIT",
    "TOTAL",
    "Answer",
    "Headers",
    "Http",
    "HttpFactory",
    "HttpOptions",
    "Reply",
    "Sleep",
    "Transport",
    "retry_after",
    "tls_context",
]
