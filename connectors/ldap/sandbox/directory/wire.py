"""LDAP's messages (RFC 4511), read and written by the definitions of ldap3 and pyasn1.

ldap3's definitions can't read a filter within a filter, because it only ever writes them: here the
parts of `and`, `or` and `not` are taken as they are, and read one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldap3.protocol import rfc4511
from ldap3.protocol.rfc2696 import Cookie, RealSearchControlValue, Size
from pyasn1.codec.ber import decoder
from pyasn1.codec.ber.encoder import encode
from pyasn1.error import PyAsn1Error, SubstrateUnderrunError
from pyasn1.type import univ
from pyasn1.type.namedtype import NamedType, NamedTypes, OptionalNamedType
from pyasn1.type.tag import Tag, tagClassContext, tagFormatConstructed

PAGING = "1.2.840.113556.1.4.319"
NESTED = {"and": 0, "or": 1, "notFilter": 2}
MOST = 2**20  # bytes of one request


class GarbledError(Exception):
    """What came is no request of LDAP, or one too long."""


def _several(number: int) -> univ.SetOf:
    """Filters within a filter, each as it stands."""
    plain: Any = univ.SetOf.tagSet
    constructed = Tag(tagClassContext, tagFormatConstructed, number)
    return univ.SetOf(componentType=univ.Any(), tagSet=plain.tagImplicitly(constructed))


def _with(definition: Any, **replaced: Any) -> NamedTypes:
    """The parts of a definition of ldap3, some of them replaced."""
    kinds = {"OptionalNamedType": OptionalNamedType}
    return NamedTypes(
        *(
            kinds.get(type(one).__name__, NamedType)(
                one.name, replaced.get(one.name, one.asn1Object)
            )
            for one in definition.componentType.namedTypes
        )
    )


_FILTER = univ.Choice(
    componentType=_with(rfc4511.Filter, **{name: _several(tag) for name, tag in NESTED.items()})
)
_SEARCH = univ.Sequence(
    tagSet=rfc4511.SearchRequest.tagSet,
    componentType=_with(rfc4511.SearchRequest, filter=univ.Any()),
)
_OPERATION = univ.Choice(componentType=_with(rfc4511.ProtocolOp, searchRequest=_SEARCH))
_MESSAGE = univ.Sequence(componentType=_with(rfc4511.LDAPMessage, protocolOp=_OPERATION))

_FOUND = NamedTypes(
    NamedType("messageID", rfc4511.MessageID()), NamedType("protocolOp", univ.Any())
)


@dataclass(frozen=True)
class Request:
    """One request: its number, the name of the operation in ldap3's words, its parts, its controls."""

    number: int
    name: str
    parts: Any
    controls: Mapping[str, tuple[bool, bytes]]


def requests(buffer: bytearray) -> Iterator[Request]:
    """Take whole requests out of what has come so far.

    Raises:
        GarbledError: it can't be read.
    """
    while buffer:
        try:
            found, rest = decoder.decode(bytes(buffer), asn1Spec=_MESSAGE)
        except SubstrateUnderrunError:
            if len(buffer) > MOST:
                raise GarbledError("a request is too long") from None
            return
        except (PyAsn1Error, ValueError) as error:
            raise GarbledError("this is no LDAP") from error
        del buffer[: len(buffer) - len(rest)]
        yield _request(found)


def _request(found: Any) -> Request:
    controls = {
        str(one["controlType"]): (bool(one["criticality"]), _value(one["controlValue"]))
        for one in found["controls"]
        if found["controls"].isValue
    }
    operation = found["protocolOp"]
    parts = operation.getComponent()
    return Request(int(found["messageID"]), operation.getName(), parts, controls)


def _value(part: Any) -> bytes:
    return bytes(part) if part.isValue else b""


def condition(raw: bytes) -> tuple[str, Any]:
    """A filter: the name of its kind, and its parts; of `and`, `or` and `notFilter` those within.

    Raises:
        GarbledError: it can't be read.
    """
    try:
        found, _ = decoder.decode(raw, asn1Spec=_FILTER)
    except (PyAsn1Error, ValueError) as error:
        raise GarbledError("this is no filter") from error
    name, parts = found.getName(), found.getComponent()
    return name, [condition(bytes(one)) for one in parts] if name in NESTED else parts


_RESULTS = {
    "bindRequest": ("bindResponse", rfc4511.BindResponse),
    "searchRequest": ("searchResDone", rfc4511.SearchResultDone),
    "modifyRequest": ("modifyResponse", rfc4511.ModifyResponse),
    "addRequest": ("addResponse", rfc4511.AddResponse),
    "delRequest": ("delResponse", rfc4511.DelResponse),
    "modDNRequest": ("modDNResponse", rfc4511.ModifyDNResponse),
    "compareRequest": ("compareResponse", rfc4511.CompareResponse),
    "extendedReq": ("extendedResp", rfc4511.ExtendedResponse),
}


def result(asked: Request, code: int, words: str = "", page: bytes | None = None) -> bytes:
    """How a request ended; `page`: the cookie of the next page, empty for the last one."""
    name, kind = _RESULTS[asked.name]
    return _message(asked.number, name, _ended(kind(), code, words), page)


def goodbye(words: str) -> bytes:
    """The notice of disconnection (RFC 4511, 4.4.1)."""
    said = _ended(rfc4511.ExtendedResponse(), 2, words)
    said["responseName"] = rfc4511.ResponseName("1.3.6.1.4.1.1466.20036")
    return _message(0, "extendedResp", said)


def entry(dn: str, values: Mapping[str, Sequence[bytes]]) -> bytes:
    """One entry, without the number of the question."""
    listed = rfc4511.PartialAttributeList()
    for at, (name, found) in enumerate(values.items()):
        one = rfc4511.PartialAttribute()
        one["type"] = rfc4511.AttributeDescription(name)
        one["vals"] = rfc4511.Vals()
        for place, value in enumerate(found):
            one["vals"][place] = rfc4511.AttributeValue(value)
        listed[at] = one
    said = rfc4511.SearchResultEntry()
    said["object"] = rfc4511.LDAPDN(dn)
    said["attributes"] = listed
    return bytes(encode(said))


def found(number: int, written: bytes) -> bytes:
    """One entry as the answer to a question."""
    message = univ.Sequence(componentType=_FOUND)
    message["messageID"] = rfc4511.MessageID(number)
    message["protocolOp"] = univ.Any(written)
    return bytes(encode(message))


def page_of(value: bytes) -> tuple[int, bytes]:
    """Size and cookie in the value of the control for pages (RFC 2696).

    Raises:
        GarbledError: it can't be read.
    """
    try:
        found, _ = decoder.decode(value, asn1Spec=RealSearchControlValue())
    except (PyAsn1Error, ValueError) as error:
        raise GarbledError("this is no page") from error
    return int(found["size"]), bytes(found["cookie"])


def _ended(said: Any, code: int, words: str) -> Any:
    said["resultCode"] = rfc4511.ResultCode(code)
    said["matchedDN"] = rfc4511.LDAPDN("")
    said["diagnosticMessage"] = rfc4511.LDAPString(words)
    return said


def _message(number: int, name: str, said: Any, page: bytes | None = None) -> bytes:
    message = rfc4511.LDAPMessage()
    message["messageID"] = rfc4511.MessageID(number)
    message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(name, said)
    if page is not None:
        message["controls"] = rfc4511.Controls()
        message["controls"][0] = _next_page(page)
    return bytes(encode(message))


def _next_page(cookie: bytes) -> rfc4511.Control:
    value = RealSearchControlValue()
    value["size"], value["cookie"] = Size(0), Cookie(cookie)
    said = rfc4511.Control()
    said["controlType"] = rfc4511.LDAPOID(PAGING)
    said["criticality"] = rfc4511.Criticality(False)
    said["controlValue"] = rfc4511.ControlValue(encode(value))
    return said
