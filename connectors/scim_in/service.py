"""SCIM 2.0 (RFC 7643, RFC 7644): what the server says about itself, and one call answered."""

import json
from functools import cache
from typing import Any

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Patch,
    ResourceType,
    SCIMException,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from connectors.scim_in import dialects
from connectors.scim_in.members import member_change
from connectors.scim_in.models import EnterpriseUser, Group, User
from connectors.scim_in.settings import ScimInSettings
from connectors.scim_in.storage import KeptStorage
from hub.contract import Call, Kept, Reply

MOST_RESULTS = 200
BODIES = frozenset({"POST", "PUT", "PATCH"})


@cache
def provider() -> ScimProvider:
    """The description of the service; the same for every instance."""
    scheme = AuthenticationScheme(
        type=AuthenticationScheme.Type.oauthbearertoken,
        name="Bearer token",
        description="The secret that `receive:` of the instance names.",
    )
    return ScimProvider(
        models=[User, EnterpriseUser, Group],
        resource_types=[
            ResourceType.from_resource(User[EnterpriseUser]),
            ResourceType.from_resource(Group),
        ],
        policy=ScimPolicy(
            unknown=ScimPolicy.Unknown.ignore,
            remove_value_as_filter=ScimPolicy.RemoveValue.apply,
            unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
        ),
        config=ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=False),
            etag=ETag(supported=True),
            authentication_schemes=[scheme],
        ),
    )


def answer(call: Call, kept: Kept, config: ScimInSettings, namespace: str) -> Reply:
    """What a call comes to; what the server refuses is an answer too."""
    service = ScimService(provider())
    body = _plain(call)
    request = ScimRequest(
        method=call.method,
        base_url=call.base,
        path=call.path.removesuffix(".scim"),
        query=call.query,
        headers=call.headers,
        body=call.body if body is None else json.dumps(body).encode(),
    )
    storage = KeptStorage(kept, provider(), config, namespace, at=call.at)
    change = member_change(call, body)
    try:
        if change is None:
            found = ScimHandler(service, storage).handle(request)
        else:
            storage.change_members(change.group, change.members)
            found = service.deletion_response()  # 204, as to every PATCH that asks for nothing back
    except SCIMException as error:
        found = service.error_response(error)
    return _answer(found, request)


def _answer(found: ScimResponse, request: ScimRequest) -> Reply:
    body = b"" if found.body is None else json.dumps(found.body).encode()
    headers = {"Location": request.url, **found.headers}
    return Reply(int(found.status), body, headers)


def _plain(call: Call) -> Any:
    """The body in the words of the RFC; None: it is no JSON, and the server refuses it."""
    if call.method not in BODIES or not call.body:
        return None
    try:
        return dialects.plain(json.loads(call.body))
    except (ValueError, RecursionError):
        return None
