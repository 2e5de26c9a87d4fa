"""Settings of a TOPdesk: closed, described, and wrong ones refused in words."""

import pytest
from pydantic import ValidationError

from connectors.topdesk.settings import TopdeskSettings

LOGIN = {"url": "https://desk.example.org", "username": "hub", "password": "s3cret-value"}


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://desk.example.org", "https://desk.example.org/tas/api"),
        ("https://desk.example.org/", "https://desk.example.org/tas/api"),
        ("https://desk.example.org/tas", "https://desk.example.org/tas/api"),
        ("https://desk.example.org/tas/api/", "https://desk.example.org/tas/api"),
        ("https://example.org/desk/tas/api", "https://example.org/desk/tas/api"),
        ("http://127.0.0.1:8801", "http://127.0.0.1:8801/tas/api"),
        ("https://example.org/atlas", "https://example.org/atlas/tas/api"),
    ],
)
def test_the_address_may_be_given_in_each_usual_form(url, api):
    assert TopdeskSettings.model_validate(LOGIN | {"url": url}).api() == api


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "https://hub:s3cret-value@desk.example.org"}, "do not belong in the address"),
        ({"url": "https://desk.example.org/?x=1"}, "without anything after"),
        ({"url": "ftp://desk.example.org"}, "scheme"),
        ({"url": "desk"}, "URL"),
        ({"username": ""}, "at least 1"),
        ({"publish": "all"}, "major_and_published"),
        ({"text_field": "request"}, "briefDescription"),
        ({"text_template": "{caller}"}, "only these placeholders"),
        ({"text_template": "{title.__class__}"}, "only these placeholders"),
        ({"text_template": "{title!r}"}, "only these placeholders"),
        ({"text_template": "{title"}, "braces"),
        ({"details_url": "javascript:{id}"}, "https or http"),
        ({"details_url": "{origin}/{name}"}, "only these placeholders"),
        ({"personnel_numbers": ["("]}, "regular expression"),
        ({"page_size": 10_001}, "10000"),
        ({"majors": True}, "not permitted"),
    ],
)
def test_wrong_settings_are_refused_without_showing_secrets(wrong, said):
    with pytest.raises(ValidationError) as caught:
        TopdeskSettings.model_validate(LOGIN | wrong)
    assert said in str(caught.value)
    assert "s3cret-value" not in str(caught.value)


def test_every_setting_is_described_and_the_password_hidden():
    assert all(field.description for field in TopdeskSettings.model_fields.values())
    assert "s3cret-value" not in repr(TopdeskSettings.model_validate(LOGIN))
