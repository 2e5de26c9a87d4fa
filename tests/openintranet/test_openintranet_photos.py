"""Pictures of colleagues: taken in with their digest, shown as nothing but a picture, gone with their person."""

import hashlib
from base64 import b64encode

import pytest

from hub.sandbox.intranet.models import Kind

PERSON = {"user_name": "anna", "display_name": "Anna Smit"}


def photo(data=b"\xff\xd8\xffanna", person="p-1", **changed):
    digest = hashlib.sha256(data).hexdigest()
    body = {"person": person, "media_type": "image/jpeg", "size": len(data), "sha256": digest}
    return body | {"content": b64encode(data).decode()} | changed


def without(body):
    return {name: value for name, value in body.items() if name != "content"}


async def put(api, body, key="p-1", **headers):
    return await api.put(f"/v1/photo/{key}", json=body, headers=headers)


@pytest.fixture
async def anna(api):
    await api.put("/v1/person/p-1", json=PERSON)
    assert (await put(api, photo())).status_code == 201


async def test_the_bytes_are_never_given_back_by_the_api(api, anna, sandbox):
    item = (await api.get("/v1/photo/p-1")).json()
    assert item["body"] == without(photo())
    (listed,) = (await api.get("/v1/photo")).json()["items"]
    assert listed == item
    assert not any("content" in one.body or "/9j/" in one.body for one in sandbox.requests)


async def test_bytes_that_are_there_need_not_be_sent_again(api, anna):
    etag = (await api.get("/v1/photo/p-1")).headers["etag"]
    assert (await put(api, without(photo()))).headers["etag"] == etag
    other = without(photo(b"\xff\xd8\xffother"))
    assert (await put(api, other)).status_code == 422
    changed = await put(api, photo(b"\xff\xd8\xffother"), **{"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": "0" * 64},
        {"size": 3},
        {"content": "not base64!"},
        {"media_type": "image/png"},
        {"media_type": "image/svg+xml"},
        {"content": None},
    ],
)
async def test_what_does_not_fit_is_refused(api, sandbox, wrong):
    await api.put("/v1/person/p-1", json=PERSON)
    assert (await put(api, photo(**wrong))).status_code == 422
    assert not sandbox.store.of_kind(Kind.PHOTO)
    assert not sandbox.store.pictures


async def test_it_needs_its_person_and_goes_with_it(api, sandbox):
    assert (await put(api, photo())).status_code == 409
    await api.put("/v1/person/p-1", json=PERSON)
    await put(api, photo())
    await api.delete("/v1/person/p-1")
    assert not sandbox.store.of_kind(Kind.PHOTO)
    assert not sandbox.store.pictures


async def test_half_a_megabyte_is_taken_and_more_is_not(api):
    await api.put("/v1/person/p-1", json=PERSON)
    assert (await put(api, photo(b"\xff\xd8\xff" + bytes(499_997)))).status_code == 201
    assert (await put(api, photo(b"\xff\xd8\xff" + bytes(499_998)))).status_code == 422
    assert (await put(api, photo(bytes(2_000_000)))).status_code == 413


@pytest.mark.parametrize(("language", "alt"), [("nl", "Foto van Anna Smit"), ("en", "Picture of")])
async def test_it_is_on_the_profile_and_in_the_list(visitor, anna, language, alt):
    for path in ("/people/p-1", "/people"):
        text = (await visitor.get(f"{path}?lang={language}")).text
        assert f'alt="{alt}' in text
        assert 'src="/people/p-1/photo?v=' in text


async def test_it_is_served_as_nothing_but_a_picture(visitor, anna):
    answer = await visitor.get("/people/p-1/photo")
    assert answer.content == b"\xff\xd8\xffanna"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_who_is_not_shown_has_no_picture(api, visitor, anna):
    assert (await visitor.get("/people/nobody/photo")).status_code == 404
    await api.put("/v1/person/p-1", json={**PERSON, "active": False})
    assert (await visitor.get("/people/p-1/photo")).status_code == 404
    await api.put("/v1/person/p-1", json=PERSON)
    assert (await visitor.get("/people/p-1/photo")).status_code == 200
    await api.delete("/v1/photo/p-1")
    assert (await visitor.get("/people/p-1/photo")).status_code == 404
    assert "<img" not in (await visitor.get("/people/p-1")).text


async def test_a_reset_forgets_pictures_too(anna, sandbox):
    sandbox.reset()
    assert not sandbox.store.pictures
