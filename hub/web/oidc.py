"""OpenID Connect with the organisation's identity provider: code flow with PKCE, nothing else.

Core 1.0, Discovery 1.0, RFC 7636 (PKCE, S256) and RFC 9207 (issuer in the answer). What binds an
answer to the browser that asked is one secret in that browser's cookie: state, nonce and the PKCE
verifier are made of it, so nothing is kept here between question and answer.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hub.errors import HubError, RejectedError, RetryableError
from hub.http import Answer, Http, HttpFactory
from hub.http.client import origin_of
from hub.settings.personal import Login, is_safe

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

DISCOVERY = "/.well-known/openid-configuration"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
LEEWAY = 60  # seconds that clocks may differ
OLD = timedelta(hours=12)  # what a provider says of itself is asked again after so long
BRIEFLY = 3.0  # seconds that a page waits for what it can do without
AGAIN = timedelta(minutes=1)  # keys are asked for again at most this often
Claims = Mapping[str, Any]


class LoginRefusedError(RejectedError):
    """The provider's answer proves nothing: nobody is logged in."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider says of itself."""

    authorization: str
    token: str
    keys: str
    user_info: str | None
    end_session: str | None
    names_itself: bool  # in every answer (RFC 9207)
    secret_in_form: bool  # it does not take the secret as HTTP Basic


class Oidc:
    """One registration at one provider.

    Args:
        back: where the provider sends the browser: `https://.../me/callback`.
    """

    def __init__(
        self, login: Login, http: HttpFactory, now: Callable[[], datetime], back: str
    ) -> None:
        self._login, self._make, self._now, self._back = login, http, now, back
        self._clients: dict[str, Http] = {}
        self._provider: tuple[Provider, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None

    async def close(self) -> None:
        """Close the connections."""
        for one in self._clients.values():
            await one.aclose()

    async def ask(self, chance: str) -> str:
        """The address at the provider where a browser goes to log in.

        Args:
            chance: the secret in the browser's cookie.

        Raises:
            HubError: the provider can't be reached, or is another one.
        """
        provider = await self._known()
        params = {
            "response_type": "code",
            "client_id": self._login.client_id,
            "redirect_uri": self._back,
            "scope": " ".join(dict.fromkeys(("openid", *self._login.scopes))),
            "state": made_of(chance, "state"),
            "nonce": made_of(chance, "nonce"),
            "code_challenge": _challenge(made_of(chance, "verifier")),
            "code_challenge_method": "S256",
        }
        mark = "&" if "?" in provider.authorization else "?"
        return f"{provider.authorization}{mark}{urlencode(params, quote_via=quote)}"

    async def claims(self, answer: Mapping[str, str], chance: str) -> Claims:
        """What the provider says of who logged in, once all of it is proven.

        Args:
            answer: the query with which the browser came back.

        Raises:
            LoginRefusedError: something in it is not as it must be.
            HubError: the provider can't be reached, or refuses our registration.
        """
        provider = await self._known()
        self._judge(provider, answer, chance)
        tokens = await self._exchange(provider, answer["code"], made_of(chance, "verifier"))
        claims = await self._proven(provider, tokens.get("id_token"), made_of(chance, "nonce"))
        return await self._with_user_info(provider, claims, tokens.get("access_token"))

    async def leave(self, after: str) -> str | None:
        """The address at the provider where a browser logs out there too; None: it has none.

        Args:
            after: where the browser comes back to.
        """
        try:
            async with asyncio.timeout(BRIEFLY):
                provider = await self._known()
        except (HubError, TimeoutError):
            return None
        if provider.end_session is None:
            return None
        params = {"client_id": self._login.client_id, "post_logout_redirect_uri": after}
        return f"{provider.end_session}?{urlencode(params, quote_via=quote)}"

    async def _known(self) -> Provider:
        now = self._now()
        if self._provider is None or now - self._provider[1] > OLD:
            self._provider = await self._discovered(), now
        return self._provider[0]

    async def _discovered(self) -> Provider:
        issuer = self._login.issuer
        found = _mapping(await self._client(issuer).get(issuer.rstrip("/") + DISCOVERY))
        if found.get("issuer") != issuer:
            raise RetryableError(
                f"The identity provider calls itself {str(found.get('issuer'))[:200]!r}: write "
                "exactly that as `personal.login.issuer`, if it is yours."
            )
        ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Provider(
            authorization=_address(found, "authorization_endpoint"),
            token=_address(found, "token_endpoint"),
            keys=_address(found, "jwks_uri"),
            user_info=_optional(found, "userinfo_endpoint"),
            end_session=_optional(found, "end_session_endpoint"),
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            secret_in_form="client_secret_basic" not in ways and "client_secret_post" in ways,
        )

    def _judge(self, provider: Provider, answer: Mapping[str, str], chance: str) -> None:
        """The answer belongs to this browser and comes from this provider."""
        if not chance or not _same(answer.get("state", ""), made_of(chance, "state")):
            raise LoginRefusedError("The answer was for another browser, or came too late.")
        named = answer.get("iss")
        if named != self._login.issuer and (named is not None or provider.names_itself):
            raise LoginRefusedError("The answer came from another provider.")
        if "error" in answer or not answer.get("code"):
            raise LoginRefusedError(f"The provider answered {answer.get('error', '')[:40]!r}.")

    async def _exchange(self, provider: Provider, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._login.client_id,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        if self._login.client_secret is not None:
            secret = self._login.client_secret.get_secret_value()
            if provider.secret_in_form:
                form["client_secret"] = secret
            else:
                headers["Authorization"] = _basic(self._login.client_id, secret)
        answer = await self._client(provider.token).send(
            "POST", provider.token, expect=(200, 400, 401), form=form, headers=headers
        )
        found = _mapping(answer)
        if answer.status == 200:
            return found
        if found.get("error") == "invalid_grant":
            raise LoginRefusedError("The provider does not know this answer, or not any more.")
        raise RetryableError(
            "The identity provider refuses the hub's registration "
            f"({str(found.get('error'))[:40]!r}): check `client_id`, `client_secret` and the "
            f"redirect address {self._back} in its registration."
        )

    async def _proven(self, provider: Provider, token: Any, nonce: str) -> Claims:
        """The claims of an ID token whose signature and content are right."""
        from joserfc.errors import JoseError  # noqa: PLC0415  only logins need it: a start counts

        if not isinstance(token, str):
            raise LoginRefusedError("The provider sent no ID token.")
        try:
            claims = await self._decoded(provider, token)
            self._registry(nonce).validate(claims)
        except (JoseError, ValueError) as error:
            kind = type(error).__name__
            raise LoginRefusedError(f"The ID token proves nothing: {kind}.") from error
        audience = claims.get("aud")
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", self._login.client_id if not several else None) != (
            self._login.client_id
        ):
            raise LoginRefusedError("The ID token was made for another application.")
        return claims

    def _registry(self, nonce: str) -> Any:
        from joserfc.jwt import JWTClaimsRegistry  # noqa: PLC0415  as above

        return JWTClaimsRegistry(
            now=lambda: int(self._now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._login.issuer},
            aud={"essential": True, "value": self._login.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )

    async def _decoded(self, provider: Provider, token: str) -> dict[str, Any]:
        """By a key of the provider; one that is not known may be newer than what we know."""
        from joserfc import jwt  # noqa: PLC0415  as above
        from joserfc.errors import BadSignatureError, InvalidKeyIdError  # noqa: PLC0415  as above

        fresh = self._keys is None
        keys = await self._key_set(provider)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (InvalidKeyIdError, BadSignatureError):
            if fresh or self._keys is None or self._now() - self._keys[1] < AGAIN:
                raise
            self._keys = None
            return jwt.decode(token, await self._key_set(provider), algorithms=ALGORITHMS).claims

    async def _key_set(self, provider: Provider) -> "KeySet":
        from joserfc.errors import JoseError  # noqa: PLC0415  as above
        from joserfc.jwk import KeySet  # noqa: PLC0415  as above

        now = self._now()
        if self._keys is None or now - self._keys[1] > OLD:
            found = _mapping(await self._client(provider.keys).get(provider.keys))
            listed = found.get("keys")
            public = [one for one in listed if _may_sign(one)] if isinstance(listed, list) else []
            try:
                self._keys = KeySet.import_key_set({"keys": public}), now
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise RetryableError("The identity provider's keys can't be read.") from error
        return self._keys[0]

    async def _with_user_info(self, provider: Provider, claims: Claims, token: Any) -> Claims:
        """What the ID token leaves out, from the provider's own page about this subject."""
        wanted = {rule.claim for rule in self._login.person}
        missing = not wanted <= claims.keys()
        if not missing or provider.user_info is None or not isinstance(token, str):
            return claims
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        answer = await self._client(provider.user_info).get(provider.user_info, headers=headers)
        more = _mapping(answer)
        if more.get("sub") != claims["sub"]:
            raise LoginRefusedError("The provider spoke of somebody else.")
        return {**more, **claims}

    def _client(self, address: str) -> Http:
        """One client per origin: a provider's parts may stand on several."""
        origin = origin_of(address)
        if origin not in self._clients:
            self._clients[origin] = self._make(origin)
        return self._clients[origin]


def chance() -> str:
    """A new secret for one login in one browser."""
    return secrets.token_urlsafe(32)


def made_of(secret: str, what: str) -> str:
    """What stands for the secret in one place; it leads back neither to it nor to the others."""
    found = hmac.new(secret.encode(), what.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    found = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _basic(name: str, secret: str) -> str:
    """As RFC 6749 wants it: both parts encoded as in a form first."""
    pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _may_sign(key: Any) -> bool:
    """Not one for encryption; and a shared secret is no public key."""
    return isinstance(key, Mapping) and key.get("use", "sig") == "sig" and key.get("kty") != "oct"


def _mapping(answer: Answer) -> Mapping[str, Any]:
    found = answer.json()
    if not isinstance(found, Mapping):
        raise RetryableError(f"{answer.url} did not answer as an identity provider does.")
    return found


def _address(found: Mapping[str, Any], name: str) -> str:
    value = _optional(found, name)
    if value is None:
        raise RetryableError(f"The identity provider names no {name} that can be used (https).")
    return value


def _optional(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and is_safe(value) else None
