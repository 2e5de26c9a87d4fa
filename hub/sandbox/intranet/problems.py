"""Errors as problem+json (RFC 9457): the exception, the answer, and FastAPI's own errors."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.sandbox.intranet.models import FieldProblem, Problem

MEDIA_TYPE = "application/problem+json"

TITLES = {
    "malformed-json": "The body is not JSON",
    "unauthorized": "A valid token is missing",
    "read-only-token": "This token may only read",
    "not-found": "There is no such object",
    "method-not-allowed": "This address does not take that method",
    "precondition-failed": "The object is not in the state that was expected",
    "payload-too-large": "The body is too large",
    "batch-too-large": "The batch has too many operations",
    "invalid": "The request is not valid",
    "unknown-audience": "The audience names a group that does not exist",
    "user-name-taken": "The user name is taken",
    "own-account": "The account is the intranet's own",
    "missing-reference": "What it refers to is not there",
    "unknown-cursor": "The cursor is not one that this API gave",
    "idempotency-key-reused": "The idempotency key was used for another request",
    "too-many-requests": "Too many requests",
    "already-exists": "The object already exists",
    "internal": "Something went wrong in the intranet",
    "bad-gateway": "The intranet is not reachable through its gateway",
    "unavailable": "The intranet is not available now",
}


NAMES = {
    413: "payload-too-large",
    429: "too-many-requests",
    500: "internal",
    502: "bad-gateway",
    503: "unavailable",
}


class ProblemError(Exception):
    """A request that ends with a problem."""

    def __init__(self, status: int, name: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail

    def answer(self) -> Response:
        """Return the answer that tells it."""
        return answer(self.status, self.name, self.detail)


def answer(
    status: int,
    name: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldProblem] | None = None,
) -> Response:
    """Make the answer for one problem; `name` is a key of TITLES."""
    problem = Problem(
        type=f"urn:openintranet:problem:{name}",
        title=TITLES[name],
        status=status,
        detail=detail,
        errors=errors or [],
    )
    # ASCII, because a key of a refused body may hold a half surrogate that UTF-8 cannot carry.
    body = json.dumps(problem.model_dump(mode="python"), ensure_ascii=True)
    return Response(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def invalid(found: Iterable[Mapping[str, Any]]) -> Response:
    """Make the answer for fields that are wrong, as pydantic found them."""
    fields = [
        FieldProblem.model_construct(field=".".join(map(str, one["loc"])), detail=one["msg"])
        for one in found
    ]
    return answer(422, "invalid", "Correct the fields that `errors` names.", errors=fields)


def key_reused() -> Response:
    """Make the answer for an idempotency key that came with another request before."""
    detail = "Make a new Idempotency-Key for each different request."
    return answer(422, "idempotency-key-reused", detail)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101  # nosec B101  # registered for it
    return error.answer()


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # nosec B101  # registered for it
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return answer(400, "malformed-json", "Send one JSON object as the body.")
    return invalid(found)


def _allowed(path: str) -> str:
    if path == "/v1/batch":
        return "POST"
    return "GET, PUT, DELETE" if path.count("/") == 3 else "GET"


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # nosec B101  # registered for it
    if error.status_code == 405:
        allow = {"Allow": _allowed(request.url.path)}
        return answer(405, "method-not-allowed", f"Use one of: {allow['Allow']}.", headers=allow)
    if error.status_code == 404:
        return answer(404, "not-found", "Look at the address; this API serves nothing there.")
    return answer(400, "malformed-json", "Send one JSON object, in UTF-8, as the body.")


def install(app: FastAPI) -> None:
    """Let every error of the app leave it as problem+json."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
