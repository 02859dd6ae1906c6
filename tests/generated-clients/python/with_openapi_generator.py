"""The story of ../README.md, told with the client of openapi-generator."""

import os

from openapi_client import ApiClient, ClientCreate, ClientsApi, ClientStatus, ClientUpdate, Configuration
from openapi_client.exceptions import BadRequestException, NotFoundException

api = ClientsApi(ApiClient(Configuration(host=os.environ["BASE_URL"], access_token=os.environ["API_KEY"])))

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

try:
    # Unlike the constructor, this leaves the check of the name to the API.
    api.create_client(ClientCreate.model_construct(name=" "))
    raise AssertionError("a blank name was accepted")
except BadRequestException as error:
    assert error.data.errors[0].var_field == "name"
