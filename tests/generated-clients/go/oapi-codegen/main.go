// The story of ../../README.md, told with the client of oapi-codegen.
package main

import (
	"context"
	"net/http"
	"os"
	"slices"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"generated-clients/check"
	"generated-clients/oapi-codegen/client"
)

func main() {
	ctx := context.Background()
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
		return nil
	}
	api := check.OK(client.NewClientWithResponses(os.Getenv("BASE_URL"), client.WithRequestEditorFn(authorize)))
	create := func(body client.ClientCreate) client.ClientRecord {
		created := check.OK(api.CreateClientWithResponse(ctx, nil, body))
		check.That(created.JSON201 != nil, "created: %s", created.Body)
		return created.JSON201.Data
	}

	ada := create(client.ClientCreate{
		Name:  "Ada",
		Phone: nullable.NewNullableWithValue("+1 555-1234"),
		Notes: nullable.NewNullableWithValue("First."),
	})
	inactive := client.Inactive
	bob := create(client.ClientCreate{Name: "Bob", Status: &inactive})
	check.That(ada.Status == client.Active, "the status is %v", ada.Status)
	check.That(bob.Phone.IsNull(), "there is no phone: %v", bob.Phone)

	status := []client.ClientStatus{client.Active, client.Inactive}
	sortBy, sortOrder, limit := client.ListClientsParamsSortByName, client.ListClientsParamsSortOrderDesc, 1
	list := check.OK(api.ListClientsWithResponse(ctx, &client.ListClientsParams{
		Status: &status, SortBy: &sortBy, SortOrder: &sortOrder, Limit: &limit,
	}))
	check.That(list.JSON200 != nil, "listed: %s", list.Body)
	check.That(list.JSON200.Total == 2, "the total is %v", list.JSON200.Total)
	check.That(len(list.JSON200.Data) == 1 && list.JSON200.Data[0].Name == "Bob", "the page is %v", list.JSON200.Data)

	read := check.OK(api.GetClientWithResponse(ctx, ada.Id, nil))
	check.That(read.JSON200 != nil, "read: %s", read.Body)
	check.That(read.JSON200.Data.CreatedAt.Equal(ada.CreatedAt), "the client is %v", read.JSON200.Data)

	changed := check.OK(api.UpdateClientWithResponse(ctx, ada.Id, nil, client.ClientUpdate{
		Phone: nullable.NewNullNullable[string](),
	}))
	check.That(changed.JSON200 != nil, "changed: %s", changed.Body)
	check.That(changed.JSON200.Data.Phone.IsNull(), "the phone is %v", changed.JSON200.Data.Phone)
	check.That(changed.JSON200.Data.Notes.MustGet() == "First.", "the notes are %v", changed.JSON200.Data.Notes)

	for _, id := range []uuid.UUID{ada.Id, bob.Id} {
		deleted := check.OK(api.DeleteClientWithResponse(ctx, id, nil))
		check.That(deleted.JSON200 != nil && deleted.JSON200.Success, "deleted: %s", deleted.Body)
	}

	gone := check.OK(api.GetClientWithResponse(ctx, ada.Id, nil)).ApplicationproblemJSON404
	check.That(gone != nil && gone.Code == "not_found", "gone: %v", gone)

	restored := check.OK(api.RestoreClientWithResponse(ctx, ada.Id, nil)).JSON200
	check.That(restored != nil && restored.Data.Notes.MustGet() == "First.", "restored: %v", restored)

	chosen := uuid.MustParse("220745ee-989c-5da3-8344-4384e51643fe")
	put := check.OK(api.PutClientWithResponse(ctx, chosen, nil, client.ClientCreate{Name: "Cyd"}))
	check.That(put.JSON201 != nil, "put: %s", put.Body)

	text, phone := chosen.String(), client.ClientUpdate{Phone: nullable.NewNullableWithValue("+1 555-9876")}
	operations := []client.BatchOperation{{Operation: client.Update, Id: &text, Client: &phone}}
	for _, id := range []uuid.UUID{bob.Id, chosen, ada.Id} {
		text := id.String()
		operations = append(operations, client.BatchOperation{Operation: client.Delete, Id: &text})
	}
	batch := check.OK(api.BatchClientsWithResponse(ctx, nil, client.Batch{Operations: operations}))
	check.That(batch.JSON200 != nil, "done: %s", batch.Body)
	results := batch.JSON200.Results
	for at, status := range []int{200, 404, 200, 200} {
		check.That(results[at].Status == status, "the results are %s", batch.Body)
	}
	check.That(results[0].Client.Phone.MustGet() == "+1 555-9876", "the results are %s", batch.Body)
	check.That(results[1].Problem.Code == "not_found", "the results are %s", batch.Body)

	changes := check.OK(api.ListChangesWithResponse(ctx, nil)).JSON200
	check.That(changes != nil && !changes.HasMore, "the changes are %v", changes)
	isDeleted := func(change client.Change) bool { return change.Id == chosen && change.DeletedAt != nil }
	check.That(slices.ContainsFunc(changes.Changes, isDeleted), "the changes are %v", changes)

	refused := check.OK(api.CreateClientWithResponse(ctx, nil, client.ClientCreate{Name: " "})).ApplicationproblemJSON400
	check.That(refused != nil && (*refused.Errors)[0].Field == "name", "refused: %v", refused)
}
