"""The SCIM server: what it says about itself, and who may ask it."""

import hmac

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    Filter,
    ForbiddenException,
    Group,
    Patch,
    ResourceType,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    UnauthorizedException,
    User,
)
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.requests import ScimRequest

from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.options import IntranetOptions
from hub.sandbox.intranet.scim.storage import IntranetStorage
from hub.sandbox.intranet.state import ObjectStore

MOST_RESULTS = 200
MOST_OPERATIONS = 1_000
MOST_BYTES = 8 * 1024 * 1024


def provider() -> ScimProvider:
    """Return the description of the service."""
    return ScimProvider(
        models=[User, EnterpriseUser, Group],
        resource_types=[
            ResourceType.from_resource(User[EnterpriseUser]),
            ResourceType.from_resource(Group),
        ],
        config=ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
            filter=Filter(supported=True, max_results=MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=True),
            etag=ETag(supported=True),
            authentication_schemes=[
                AuthenticationScheme(
                    type=AuthenticationScheme.Type.oauthbearertoken,
                    name="Bearer token",
                    description="A token that the intranet gave out.",
                )
            ],
        ),
    )


class ScimApp(ASGIApplication):
    """SCIM over ASGI, with the tokens of the other API."""

    def __init__(
        self, options: IntranetOptions, storage: IntranetStorage, described: ScimProvider
    ) -> None:
        super().__init__(storage, described)
        self._options = options
        self.people = storage

    def check_auth(self, request: ScimRequest) -> None:
        """Refuse who has no token, and writes with the one that may only read."""
        scheme, _, token = (request.header("Authorization") or "").partition(" ")
        bearer = scheme.lower() == "bearer"
        if bearer and _equal(token, self._options.token):
            return
        if not bearer or not _equal(token, self._options.readonly_token):
            raise UnauthorizedException
        if request.method.upper() != "GET" and not request.path.endswith("/.search"):
            raise ForbiddenException(detail="Use a token that may write.")


def scim_app(options: IntranetOptions, store: ObjectStore, directory: Directory) -> ScimApp:
    """Build the server over the objects of the intranet."""
    described = provider()
    return ScimApp(options, IntranetStorage(store, directory, described), described)


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
