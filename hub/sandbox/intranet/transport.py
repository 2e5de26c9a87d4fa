"""A way to the sandbox without a network."""

import httpx
from starlette.types import ASGIApp

from hub.sandbox.intranet.gate import BrokenOffError


class InProcessTransport(httpx.AsyncBaseTransport):
    """httpx transport to an ASGI app; a connection that it breaks off is a read error here too."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        try:
            return await self._inner.handle_async_request(request)
        except BrokenOffError as error:
            raise httpx.ReadError(str(error), request=request) from error
