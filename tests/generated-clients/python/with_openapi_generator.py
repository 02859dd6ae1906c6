"""The story of ../README.md, told with the client of openapi-generator."""

import os
from uuid import UUID

from openapi_client import (
    ApiClient,
    Batch,
    BatchOperation,
    ClientCreate,
    ClientsApi,
    ClientStatus,
    ClientUpdate,
    Configuration,
)
from openapi_client.exceptions import BadRequestException, NotFoundException

api = ClientsApi(ApiClient(Configuration(host=os.environ["API_URL"], access_token=os.environ["API_KEY"])))

ada = api.create_client(ClientCreate(name="Ada", phone="+1 555-1234", notes="First.")).data
bob = api.create_client(ClientCreate(name="Bob", status=ClientStatus.INACTIVE)).data
assert ada.status is ClientStatus.ACTIVE
assert bob.phone is None

page = api.list_clients(
    status=[ClientStatus.ACTIVE, ClientStatus.INACTIVE], sort_by="name", sort_order="desc", limit=1
)
assert page.total == 2
assert [client.name for client in page.data] == ["Bob"]

assert api.get_client(ada.id).data == ada

changed = api.update_client(ada.id, ClientUpdate(phone=None)).data
assert changed.phone is None
assert changed.notes == "First."

for client in (ada, bob):
    assert api.delete_client(client.id).success is True

try:
    api.get_client(ada.id)
    raise AssertionError("the client is still there")
except NotFoundException as error:
    assert error.data.code == "not_found"

assert api.restore_client(ada.id).data.notes == "First."

chosen = UUID("220745ee-989c-5da3-8344-4384e51643fe")
assert api.put_client_with_http_info(chosen, ClientCreate(name="Cyd")).status_code == 201

update = BatchOperation(operation="update", id=str(chosen), client=ClientUpdate(phone="+1 555-9876"))
deletions = [BatchOperation(operation="delete", id=str(id)) for id in (bob.id, chosen, ada.id)]
results = api.batch_clients(Batch(operations=[update, *deletions])).results
assert [result.status for result in results] == [200, 404, 200, 200]
assert results[0].client.phone == "+1 555-9876"
assert results[1].problem.code == "not_found"

changes = api.list_changes()
assert not changes.has_more
assert any(change.id == chosen and change.deleted_at for change in changes.changes)

try:
    # Unlike the constructor, this leaves the check of the name to the API.
    api.create_client(ClientCreate.model_construct(name=" "))
    raise AssertionError("a blank name was accepted")
except BadRequestException as error:
    assert error.data.errors[0].var_field == "name"
