"""Many writes in one request: each has the answer that it would have had alone."""

import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub.sandbox.intranet import apidoc, problems
from hub.sandbox.intranet.faults import Fault
from hub.sandbox.intranet.models import BODIES
from hub.sandbox.intranet.operations import Batch, Operation, Results
from hub.sandbox.intranet.problems import ProblemError
from hub.sandbox.intranet.state import Answer, LoggedRequest, canonical, digest, mark
from hub.sandbox.intranet.writing import Condition, Parts, Written, delete, put


def batches(router: APIRouter, parts: Parts) -> None:
    """Add the address for batches."""

    @router.post(
        "/batch",
        tags=["batch"],
        status_code=207,
        response_model=Results,
        responses=apidoc.answers(400, 401, 403, 413, 422, 500),
        summary="Carry out many writes",
        operation_id="batch",
    )
    async def batch(request: Request, body: Batch) -> Response:
        """Carry the operations out in order, each for itself; one that fails stops no other."""
        if len(body.operations) > parts.options.batch_max:
            detail = f"Send at most {parts.options.batch_max} operations."
            raise ProblemError(413, "batch-too-large", detail)
        if any(_poisoned(parts, one) for one in body.operations):
            raise ProblemError(500, "internal", "Try again later.")
        done = [_Done(parts, one) for one in body.operations]
        request.state.operations = [one.logged for one in done]
        # ASCII, because a key of a refused body may hold a half surrogate that UTF-8 cannot carry
        content = json.dumps({"results": [one.result() for one in done]}, ensure_ascii=True)
        return Response(content, 207, media_type="application/json")


def _poisoned(parts: Parts, one: Operation) -> bool:
    where = Condition(one.kind, one.external_id)
    return parts.faults.take(_method(one), where.path, "poison") is not None


def _method(one: Operation) -> str:
    return "PUT" if one.op == "put" else "DELETE"


class _Done:
    """One operation, carried out."""

    def __init__(self, parts: Parts, one: Operation) -> None:
        self._parts = parts
        self._one = one
        self._where = Condition(one.kind, one.external_id, one.if_match, one.if_none_match)
        self._text = canonical(one.body) if one.body is not None else ""
        self._key = one.idempotency_key if one.op == "put" else None
        self._applied = self._replayed = False
        self._answer = self._carried_out()

    def result(self) -> dict[str, Any]:
        """Return it in the shape of the API."""
        answer = self._answer
        wait = answer.header(b"retry-after")
        return {
            "external_id": self._one.external_id,
            "status": answer.status,
            "etag": answer.header(b"etag"),
            "replay": self._replayed,
            "retry_after": float(wait) if wait is not None else None,
            "problem": json.loads(answer.body) if answer.status >= 400 else None,
        }

    @property
    def logged(self) -> LoggedRequest:
        """Return the request that it would have been."""
        return LoggedRequest(
            at=self._parts.store.now(),
            method=_method(self._one),
            path=self._where.path,
            query="",
            status=self._answer.status,
            idempotency_key=self._key,
            digest=digest(self._text),
            body=self._text,
            applied=self._applied,
            replayed=self._replayed,
            in_batch=True,
        )

    def _carried_out(self) -> Answer:
        fault = self._parts.faults.take(_method(self._one), self._where.path, "status")
        if fault is not None:
            return _failed(fault)
        sign = mark(_method(self._one), self._where.path, self._text)
        kept = self._parts.answers.find(self._key) if self._key else None
        if kept is None:
            return self._first(sign)
        if kept[0] != sign:
            return _answer(problems.key_reused())
        self._replayed = True
        return kept[1]

    def _first(self, sign: str) -> Answer:
        try:
            written = self._write()
        except ProblemError as error:
            return _answer(error.answer())
        except ValidationError as error:
            return _answer(problems.invalid(_fields(error)))
        self._applied = written.applied
        answer = _answer(written.response())
        if self._key and answer.status < 300:
            self._parts.answers.keep(self._key, sign, answer)
        return answer

    def _write(self) -> Written:
        if self._one.kind not in self._parts.options.kinds:
            raise ProblemError(404, "not-found", "This intranet does not keep this kind.")
        if self._one.op == "delete":
            return delete(self._parts, self._where)
        content = self._one.body
        body = BODIES[self._one.kind].model_validate(content)
        return put(self._parts, self._where, body, content or {})


def _fields(error: ValidationError) -> Iterator[dict[str, Any]]:
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        yield {**one, "loc": ("body", *one["loc"])}


def _failed(fault: Fault) -> Answer:
    wait = {"Retry-After": str(round(fault.seconds))} if fault.retry_after != "none" else {}
    name = problems.NAMES[fault.status]
    return _answer(problems.answer(fault.status, name, "Try again later.", headers=wait))


def _answer(response: Response) -> Answer:
    return Answer(response.status_code, tuple(response.raw_headers), bytes(response.body))
