// The story of ../README.md, told with the client of openapi-generator.
package story;

import java.util.List;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.ClientsApi;
import org.openapitools.client.model.Batch;
import org.openapitools.client.model.BatchOperation;
import org.openapitools.client.model.BatchResult;
import org.openapitools.client.model.ClientCreate;
import org.openapitools.client.model.ClientRecord;
import org.openapitools.client.model.ClientStatus;
import org.openapitools.client.model.ClientUpdate;
import org.openapitools.client.model.Problem;

public class Main {
    interface Call {
        void make() throws ApiException;
    }

    static void check(boolean holds, Object value) {
        if (!holds) {
            throw new AssertionError(value);
        }
    }

    static Problem problem(int status, Call call) throws Exception {
        try {
            call.make();
        } catch (ApiException error) {
            check(error.getCode() == status, error);
            return ApiClient.createDefaultObjectMapper().readValue(error.getResponseBody(), Problem.class);
        }
        throw new AssertionError("not refused");
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("API_URL"));
        client.setRequestInterceptor(
                request -> request.header("Authorization", "Bearer " + System.getenv("API_KEY")));
        ClientsApi api = new ClientsApi(client);

        ClientRecord ada =
                api.createClient(new ClientCreate().name("Ada").phone("+1 555-1234").notes("First."), null).getData();
        ClientRecord bob =
                api.createClient(new ClientCreate().name("Bob").status(ClientStatus.INACTIVE), null).getData();
        check(ada.getStatus() == ClientStatus.ACTIVE, ada);
        check(bob.getPhone() == null, bob);

        var both = List.of(ClientStatus.ACTIVE, ClientStatus.INACTIVE);
        var page = api.listClients(1, null, null, "name", "desc", both, null, null);
        check(page.getTotal() == 2, page);
        check(page.getData().size() == 1 && page.getData().get(0).getName().equals("Bob"), page);

        check(api.getClient(ada.getId(), null, null).getData().equals(ada), ada);

        ClientRecord changed = api.updateClient(ada.getId(), new ClientUpdate().phone(null), null, null).getData();
        check(changed.getPhone() == null, changed);
        check(changed.getNotes().equals("First."), changed);

        for (ClientRecord each : List.of(ada, bob)) {
            check(api.deleteClient(each.getId(), null, null, null).getSuccess(), each);
        }

        Problem gone = problem(404, () -> api.getClient(ada.getId(), null, null));
        check(gone.getCode().equals("not_found"), gone);

        check(api.restoreClient(ada.getId(), null, null).getData().getNotes().equals("First."), ada);

        UUID chosen = UUID.fromString("220745ee-989c-5da3-8344-4384e51643fe");
        var put = api.putClientWithHttpInfo(chosen, new ClientCreate().name("Cyd"), null, null);
        check(put.getStatusCode() == 201, put);

        Batch batch = new Batch().addOperationsItem(new BatchOperation()
                .operation(BatchOperation.OperationEnum.UPDATE)
                .id(chosen.toString())
                .client(new ClientUpdate().phone("+1 555-9876")));
        for (UUID id : List.of(bob.getId(), chosen, ada.getId())) {
            batch.addOperationsItem(
                    new BatchOperation().operation(BatchOperation.OperationEnum.DELETE).id(id.toString()));
        }
        var results = api.batchClients(batch, null).getResults();
        check(results.stream().map(BatchResult::getStatus).toList().equals(List.of(200, 404, 200, 200)), results);
        check(results.get(0).getClient().getPhone().equals("+1 555-9876"), results);
        check(results.get(1).getProblem().getCode().equals("not_found"), results);

        var changes = api.listChanges(null, null);
        check(!changes.getHasMore(), changes);
        check(changes.getChanges().stream().anyMatch(change -> change.getId().equals(chosen) && change.getDeletedAt() != null), changes);

        Problem refused = problem(400, () -> api.createClient(new ClientCreate().name(" "), null));
        check(refused.getErrors().get(0).getField().equals("name"), refused);
    }
}
