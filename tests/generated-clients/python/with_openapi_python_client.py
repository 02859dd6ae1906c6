"""The story of ../README.md, told with the client of openapi-python-client."""

import os
from uuid import UUID

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
    ClientCreate,
    ClientStatus,
    ClientUpdate,
    ListClientsSortBy,
    ListClientsSortOrder,
    Problem,
)

api = AuthenticatedClient(base_url=os.environ["BASE_URL"], token=os.environ["API_KEY"])


def create(body):
    return create_client.sync(client=api, body=body).data


ada = create(ClientCreate(name="Ada", phone="+1 555-1234", notes="First."))
bob = create(ClientCreate(name="Bob", status=ClientStatus.INACTIVE))
assert ada.status is ClientStatus.ACTIVE
assert bob.phone is None

page = list_clients.sync(
    client=api,
    status=[ClientStatus.ACTIVE, ClientStatus.INACTIVE],
    sort_by=ListClientsSortBy.NAME,
    sort_order=ListClientsSortOrder.DESC,
    limit=1,
)
assert page.total == 2
assert [client.name for client in page.data] == ["Bob"]

assert get_client.sync(ada.id, client=api).data == ada

changed = update_client.sync(ada.id, client=api, body=ClientUpdate(phone=None)).data
assert changed.phone is None
assert changed.notes == "First."

for client in (ada, bob):
    assert delete_client.sync(client.id, client=api).success is True

gone = get_client.sync_detailed(ada.id, client=api)
assert gone.status_code == 404
assert isinstance(gone.parsed, Problem)
assert gone.parsed.code == "not_found"

assert restore_client.sync(ada.id, client=api).data.notes == "First."

chosen = UUID("220745ee-989c-5da3-8344-4384e51643fe")
assert put_client.sync_detailed(chosen, client=api, body=ClientCreate(name="Cyd")).status_code == 201

phone = ClientUpdate(phone="+1 555-9876")
update = BatchOperation(operation=BatchOperationOperation.UPDATE, id=str(chosen), client=phone)
deletions = [
    BatchOperation(operation=BatchOperationOperation.DELETE, id=str(id)) for id in (bob.id, chosen, ada.id)
]
results = batch_clients.sync(client=api, body=Batch(operations=[update, *deletions])).results
assert [result.status for result in results] == [200, 404, 200, 200]
assert results[0].client.phone == "+1 555-9876"
assert results[1].problem.code == "not_found"

changes = list_changes.sync(client=api)
assert not changes.has_more
assert any(change.id == chosen and change.deleted_at for change in changes.changes)

refused = create_client.sync_detailed(client=api, body=ClientCreate(name=" "))
assert refused.status_code == 400
assert isinstance(refused.parsed, Problem)
assert refused.parsed.errors[0].field == "name"
