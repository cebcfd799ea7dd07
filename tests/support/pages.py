"""Walking lists by cursor (RFC 9865)."""

import re
import urllib.parse

from messages import LIST, SEARCH

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")


def ask(gateway, path, parameters, source=None):
    """One page. A member of the path `.search` is asked for by POST."""
    if path.endswith(".search"):
        return gateway.post(path, {"schemas": [SEARCH]} | parameters, source=source)
    return gateway.get(f"{path}?{urllib.parse.urlencode(parameters)}", source=source)


def page_of(gateway, path, parameters, cursor):
    answer = ask(gateway, path, parameters | {"cursor": cursor})
    assert answer.status == 200, answer
    page = answer.json
    assert page["schemas"] == [LIST] and "startIndex" not in page
    assert page["itemsPerPage"] == len(page["Resources"]) <= parameters.get("count", 100)
    for name in ("nextCursor", "previousCursor"):
        assert name not in page or UNRESERVED.fullmatch(page[name])
    return page


def walk(gateway, path, **parameters):
    """All pages from the first one on."""
    pages = [page_of(gateway, path, parameters, "")]
    assert "previousCursor" not in pages[0]
    while "nextCursor" in pages[-1]:
        pages.append(page_of(gateway, path, parameters, pages[-1]["nextCursor"]))
        assert "previousCursor" in pages[-1]
        assert len(pages) < 1000
    return pages


def walk_back(gateway, path, last, **parameters):
    """From a page to the first one, in the order of the list."""
    pages = [last]
    while "previousCursor" in pages[0]:
        pages.insert(0, page_of(gateway, path, parameters, pages[0]["previousCursor"]))
        assert "nextCursor" in pages[0]
        assert len(pages) < 1000
    return pages


def ids(pages):
    return [resource["id"] for page in pages for resource in page["Resources"]]
