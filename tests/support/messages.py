"""Messages of SCIM, and errors in its form."""

from gateway import ERROR, GROUP, PATCH, USER

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
UNKNOWN = "0192f0c1-7a62-7e6a-ae21-ed9a05430fd1"


def check_error(answer, status, scim_type=None):
    """A SCIM Error body, whatever went wrong (RFC 7644, 3.12)."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(status)
    assert body.get("scimType") == scim_type, body
    assert body["detail"]
    return body["detail"]


def user_body(**attributes):
    return {"schemas": [USER], "userName": "bad@example.com"} | attributes


def group_body(**attributes):
    return {"schemas": [GROUP], "displayName": "bad group"} | attributes


def operations(*list_):
    return {"schemas": [PATCH], "Operations": list(list_)}
