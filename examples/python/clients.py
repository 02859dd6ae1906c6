"""The API from end to end, with the client that openapi-python-client generates from the contract."""

import os
import sys
from http import HTTPStatus
from uuid import UUID, uuid4, uuid5

from clients_api import AuthenticatedClient
from clients_api.api.clients import (
    batch_clients,
    create_client,
    delete_client,
    get_client,
    list_changes,
    list_clients,
    put_client,
    restore_client,
    update_client,
)
from clients_api.models import (
    Batch,
    BatchOperation,
    BatchOperationOperation,
    Change,
    ClientCreate,
    ClientRecord,
    ClientStatus,
    ClientUpdate,
    ListClientsSortBy,
    Problem,
)
from clients_api.types import UNSET
from httpx_retries import Retry, RetryTransport

# A 429 has changed nothing. After a 503 or without an answer, a write may have taken effect: here all can be sent
# again, because each POST has an Idempotency-Key (or restores a client) and each PATCH an If-Match.
RETRIES = Retry(
    total=5,
    backoff_factor=0.5,
    status_forcelist=[429, 503],
    allowed_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
)


def with_key(key):
    return AuthenticatedClient(
        base_url=os.environ.get("API_URL", "http://127.0.0.1:3000/api/v1"),
        token=key,
        httpx_args={"transport": RetryTransport(retry=RETRIES)},
    )


def ok(answer):
    """What a successful request got."""
    if isinstance(answer.parsed, Problem) or answer.parsed is None:
        sys.exit(f"{answer.status_code:d} {getattr(answer.parsed, 'detail', '')}")
    return answer.parsed


def describe(problem):
    """A problem, by its stable code and everything that is wrong with the input."""
    errors = ", ".join(f"{error.field} {error.message}" for error in problem.errors or [])
    return f"{problem.status} {problem.code}" + (f": {errors}" if errors else "")


def names(clients):
    return ", ".join(client.name for client in clients)


api = with_key(os.environ["API_KEY"])

# Create. One key for one client to be made: the request can be sent again without making a second one.
creation = {
    "client": api,
    "body": ClientCreate(name="John Doe (example)", phone="+1 555-1234"),
    "idempotency_key": str(uuid4()),
}
john = ok(create_client.sync_detailed(**creation)).data
print(f"Created: {john.name}, {john.phone}, {john.status}")
again = ok(create_client.sync_detailed(**creation)).data
print(f"The same request again: {'the same client' if again.id == john.id else 'another client'}")

# Batch. Each operation has a result of its own, so some can fail while others succeed.
operations = [
    BatchOperation(operation=BatchOperationOperation.CREATE, client=client)
    for client in (
        ClientUpdate(name="Jane Doe (example)", phone="+1 555-5678"),
        ClientUpdate(name="Zoë Doe (example)"),
        ClientUpdate(name=" ", phone="5" * 51),
    )
]
batch = batch_clients.sync_detailed(client=api, body=Batch(operations), idempotency_key=str(uuid4()))
results = ok(batch).results
created = [result.client for result in results if result.client]
print(f"Created in a batch: {names(created)}")
for result in results:
    if result.problem:
        print(f"Refused in the batch: {describe(result.problem)}")
ours = {client.id for client in [john, *created]}

# List: all pages of a search, in order.
listed: list[ClientRecord] = []
while True:
    page = ok(
        list_clients.sync_detailed(
            client=api,
            query="doe example",
            status=[ClientStatus.ACTIVE],
            sort_by=ListClientsSortBy.NAME,
            limit=2,
            offset=len(listed),
        )
    )
    listed += page.data
    if not page.data or len(listed) >= page.total:
        break
print(f"All pages, by name: {names(listed)}; {page.total} in total")
found = ok(list_clients.sync_detailed(client=api, query="example, zoe"))
print(f'Found by "example, zoe": {names(found.data)}')


# Get, and update only what nobody has changed since.
def read_tag():
    answer = get_client.sync_detailed(john.id, client=api)
    ok(answer)
    return answer.headers["ETag"]


def update(tag, **fields):
    return update_client.sync_detailed(john.id, client=api, body=ClientUpdate(**fields), if_match=tag)


tag = read_tag()
updated = update(tag, status=ClientStatus.INACTIVE, notes="No longer active")
client = ok(updated).data
print(f"Updated {tag} to {updated.headers['ETag']}: {client.status}, {client.notes}")
late = update(tag, notes=None)
print(f"Updated {tag} once more: {describe(late.parsed)}")
if late.status_code == HTTPStatus.PRECONDITION_FAILED:
    # Somebody else was first. Read what is there now, and decide again.
    now = read_tag()
    merged = update(now, notes=None)
    notes = "null" if ok(merged).data.notes is None else merged.parsed.data.notes
    print(f"Updated {now} to {merged.headers['ETag']}: notes are {notes}")

# Delete and restore.
ok(delete_client.sync_detailed(john.id, client=api))
gone = get_client.sync_detailed(john.id, client=api)
print(f"Deleted, and read again: {describe(gone.parsed)}")
restored = ok(restore_client.sync_detailed(john.id, client=api))
print(f"Restored: {restored.data.name}")

# Put: create or replace, under an identifier that is made of another system's. The namespace is yours: choose it once.
own = uuid5(UUID("a3b8f3a2-5a0e-4d8e-9a6c-6d0f2b7c1e55"), "crm-1842")


def put():
    answer = put_client.sync_detailed(own, client=api, body=ClientCreate(name="Ada Doe (example)"))
    ok(answer)
    return "created" if answer.status_code == HTTPStatus.CREATED else "replaced"


print(f"Put twice as crm-1842: {put()}, then {put()}")
ok(delete_client.sync_detailed(own, client=api, permanently=True))

# Changes: the whole organization, then what has changed since. A change may come twice, so the version decides.
seen: dict[UUID, Change] = {}


def catch_up(cursor=UNSET):
    """Reads all changes after a cursor, and returns the next one."""
    while True:
        page = ok(list_changes.sync_detailed(client=api, cursor=cursor))
        for change in page.changes:
            if change.id in ours and (change.id not in seen or change.version > seen[change.id].version):
                seen[change.id] = change
        cursor = page.next_cursor
        if not page.has_more:
            return cursor


cursor = catch_up()
versions = sorted(f"{change.name} {change.version}" for change in seen.values())
print(f"All changes so far, by version: {', '.join(versions)}")
for id in ours:
    ok(delete_client.sync_detailed(id, client=api, permanently=True))
catch_up(cursor)
deletions = sum(1 for change in seen.values() if change.deleted_at)
print(f"Deleted all for good, and changes since then: {deletions} deletions")

# Errors. Match on `code`; the texts are for people.
refused = list_clients.sync_detailed(client=api, limit=1000)
print(f"A limit of 1000: {describe(refused.parsed)}")
stranger = list_clients.sync_detailed(client=with_key(f"ba_{'0' * 40}"))
print(f"A wrong key: {describe(stranger.parsed)}")
