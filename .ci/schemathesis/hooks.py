"""Tells schemathesis what it cannot know from the contract alone."""

import base64
import re
import uuid

import schemathesis
from hypothesis import strategies as st

# By itself it sends only letters and digits in headers, and an entity tag has quotes.
TAG = st.from_regex(r'(W/)?"[!#-~]{0,20}"', fullmatch=True)
TAGS = st.lists(TAG, min_size=1, max_size=20).map(", ".join)
schemathesis.openapi.format("entity-tags", st.just("*") | st.just('"1"') | TAGS)


@schemathesis.hook
def before_call(context, case, kwargs):
    # Within a chain, a create makes a client of its own. A key from another chain gets the answer of that time
    # again, although the client may be gone by now: the next call of this chain would then find nothing.
    if case.meta.phase.name.value == "stateful" and case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    # A cursor is signed. One that is made up is invalid input, although it fits the schema.
    if case.meta.generation.mode.is_positive and is_made_up(case.query.get("cursor")):
        del case.query["cursor"]


def is_made_up(cursor):
    if cursor is None:
        return False
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        return True
    # The API's have their format first, and a signature of 16 bytes behind at least 28 others.
    return len(decoded) < 44 or decoded[0] != 1


@schemathesis.check
def an_undeclared_method_is_the_gateways_answer(ctx, response, case):
    scenario = getattr(case.meta.phase.data, "scenario", None)
    if scenario is not None and scenario.value == "unspecified_http_method":
        # OPTIONS is a preflight, which the gateway answers.
        if response.request.method == "OPTIONS":
            assert response.status_code == 204, response.status_code
        elif not fits_another_operation(case, response.request.method):
            assert response.status_code == 404, response.status_code
            assert response.json() == {"message": "Not Found"}, response.text


def fits_another_operation(case, method):
    """Whether the method is declared for a path with a parameter that can stand for this path's last part."""
    paths = case.operation.schema.raw_schema["paths"].items()
    fits = (re.sub(r"{[^}]*}", "[^/]+", path) for path, item in paths if method.lower() in item)
    return any(re.fullmatch(pattern, case.operation.path) for pattern in fits)


@schemathesis.check
def a_problem_fits_its_status(ctx, response, case):
    """The schema of a problem document is the same for every status, and cannot tell."""
    if response.headers.get("content-type") == ["application/problem+json"]:
        problem = response.json()
        assert problem["status"] == response.status_code, response.text
        assert problem["type"] == f"urn:clients-api:problem:{problem['code']}", response.text
        assert ("errors" in problem) == (problem["code"] == "invalid_input"), response.text
