from datetime import UTC, datetime

import pytest

from connectors.topdesk.sandbox.fiql import FiqlError, parse
from connectors.topdesk.sandbox.rows import kind_of

ROW = {
    "number": "I 2611 007",
    "briefDescription": "It's (very) slow; really",
    "closed": False,
    "majorCall": True,
    "timeSpent": 30,
    "request": "23-11-2026 08:02 [GMT +1:00] Visser: \nslow",
    "modificationDate": datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
    "completedDate": None,
    "category": {"id": "c1", "name": "Netwerk"},
    "branch": None,
    "optionalFields1": {"text1": "ja", "boolean2": True},
}


@pytest.mark.parametrize(
    "query",
    [
        "closed==false",
        "closed!=true;majorCall==true",
        "closed==true,majorCall==true",
        "closed==true;majorCall==true,timeSpent==30",  # and binds tighter than or
        "(closed==true,majorCall==true);timeSpent=gt=29",
        "timeSpent=le=30;timeSpent=ge=30;timeSpent=lt=31",
        "number=='I 2611 007'",
        'number=="i 2611 007"',
        r"briefDescription=='It\'s (very) slow; really'",
        'briefDescription=sw="It\'s (v"',
        "request=sw=23-11-2026",
        "request!=null",
        "completedDate==null;branch.id==null;branch.name==null",
        "category.name=in=(Software,Netwerk)",
        "category.name=out=(Software,Hardware)",
        "category.name==('Netwerk')",
        "modificationDate=ge=2026-11-23T07:00:00Z",
        "modificationDate=ge=2026-11-23T08:00:00+01:00",
        "modificationDate=lt=2026-11-23T08:00:00+0000",
        "optionalFields1.text1==ja;optionalFields1.boolean2==true",
    ],
)
def test_a_query_finds_the_row(query):
    assert parse(query, kind_of).matches(ROW)


@pytest.mark.parametrize(
    "query",
    [
        "closed==true",
        "closed==true;majorCall==true",
        "closed==true,majorCall==false",
        "(closed==true,majorCall==true);timeSpent==0",
        "completedDate=gt=2020-01-01T00:00:00Z",
        "branch.name==Diemen",
        "category.name=out=(Netwerk)",
        "number=sw=7",
        "modificationDate=gt=2026-11-23T07:00:00Z",
        "number=='null'",
    ],
)
def test_a_query_does_not_find_the_row(query):
    assert not parse(query, kind_of).matches(ROW)


@pytest.mark.parametrize(
    "query",
    [
        "closed",
        "closed=false",
        "closed==",
        "closed==perhaps",
        "closed==false;",
        "(closed==false",
        "closed==false)",
        "nonsense==1",
        "category==Netwerk",
        "category.nonsense==1",
        "briefDescription==two words",
        "briefDescription=gt=a",
        "request==x",
        "closed=gt=false",
        "timeSpent==(1,2)",
        "modificationDate=ge=2026-11-23",
        "modificationDate=ge=2026-11-23T08:00:00 01:00",  # a + that was not encoded
        "number=='open",
        "closed==false&majorCall==true",
    ],
)
def test_what_is_not_fiql_is_refused(query):
    with pytest.raises(FiqlError):
        parse(query, kind_of)


def test_the_filter_tells_which_fields_it_names():
    found = parse("majorCall==true;(category.name==a,closed==false)", kind_of)
    assert found.fields == {"majorCall", "category.name", "closed"}
