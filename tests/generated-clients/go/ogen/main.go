// The story of ../../README.md, told with the client of ogen.
package main

import (
	"context"
	"os"
	"slices"

	"github.com/google/uuid"

	"generated-clients/check"
	"generated-clients/ogen/client"
)

// key is the API key of every request.
type key string

func (key key) ApiKey(context.Context, client.OperationName) (client.ApiKey, error) {
	return client.ApiKey{Token: string(key)}, nil
}

// as returns an answer of the type that is expected.
func as[T any](answer any, err error) T {
	typed, ok := check.OK(answer, err).(T)
	check.That(ok, "an answer of this type: %#v", answer)
	return typed
}

func main() {
	ctx := context.Background()
	api := check.OK(client.NewClient(os.Getenv("API_URL"), key(os.Getenv("API_KEY"))))
	create := func(body client.ClientCreate) client.ClientRecord {
		return as[*client.ClientEnvelopeHeaders](api.CreateClient(ctx, &body, client.CreateClientParams{})).Response.Data
	}

	ada := create(client.ClientCreate{
		Name:  "Ada",
		Phone: client.NewOptNilPhone("+1 555-1234"),
		Notes: client.NewOptNilNotes("First."),
	})
	bob := create(client.ClientCreate{Name: "Bob", Status: client.NewOptClientStatus(client.ClientStatusInactive)})
	check.That(ada.Status == client.ClientStatusActive, "the status is %v", ada.Status)
	check.That(bob.Phone.IsNull(), "there is no phone: %v", bob.Phone)

	page := as[*client.ClientPageHeaders](api.ListClients(ctx, client.ListClientsParams{
		Status:    []client.ClientStatus{client.ClientStatusActive, client.ClientStatusInactive},
		SortBy:    client.NewOptSortBy(client.SortByName),
		SortOrder: client.NewOptSortOrder(client.SortOrderDesc),
		Limit:     client.NewOptInt(1),
	})).Response
	check.That(page.Total == 2, "the total is %v", page.Total)
	check.That(len(page.Data) == 1 && page.Data[0].Name == "Bob", "the page is %v", page.Data)

	read := as[*client.GetClientOKHeaders](api.GetClient(ctx, client.GetClientParams{ID: ada.ID})).Response.Data
	check.That(read.CreatedAt.Equal(ada.CreatedAt), "the client is %v", read)

	var noPhone client.OptNilPhone
	noPhone.SetToNull()
	changed := as[*client.GetClientOKHeaders](
		api.UpdateClient(ctx, &client.ClientUpdate{Phone: noPhone}, client.UpdateClientParams{ID: ada.ID}),
	).Response.Data
	check.That(changed.Phone.IsNull(), "the phone is %v", changed.Phone)
	check.That(changed.Notes.Value == "First.", "the notes are %v", changed.Notes)

	for _, id := range []uuid.UUID{ada.ID, bob.ID} {
		deleted := as[*client.DeletionHeaders](api.DeleteClient(ctx, client.DeleteClientParams{ID: id}))
		check.That(deleted.Response.Success, "deleted: %v", deleted)
	}

	gone := as[*client.NotFoundHeaders](api.GetClient(ctx, client.GetClientParams{ID: ada.ID})).Response
	check.That(gone.Code == "not_found", "gone: %v", gone)

	restored := as[*client.GetClientOKHeaders](api.RestoreClient(ctx, client.RestoreClientParams{ID: ada.ID}))
	check.That(restored.Response.Data.Notes.Value == "First.", "restored: %v", restored)

	chosen := uuid.MustParse("220745ee-989c-5da3-8344-4384e51643fe")
	cyd := client.ClientCreate{Name: "Cyd"}
	as[*client.PutClientCreatedHeaders](api.PutClient(ctx, &cyd, client.PutClientParams{ID: chosen}))

	phone := client.ClientUpdate{Phone: client.NewOptNilPhone("+1 555-9876")}
	operations := []client.BatchOperation{{
		Operation: client.BatchOperationOperationUpdate,
		ID:        client.NewOptString(chosen.String()),
		Client:    client.NewOptClientUpdate(phone),
	}}
	for _, id := range []uuid.UUID{bob.ID, chosen, ada.ID} {
		operations = append(operations, client.BatchOperation{
			Operation: client.BatchOperationOperationDelete, ID: client.NewOptString(id.String()),
		})
	}
	results := as[*client.BatchResultsHeaders](
		api.BatchClients(ctx, &client.Batch{Operations: operations}, client.BatchClientsParams{}),
	).Response.Results
	for at, status := range []int{200, 404, 200, 200} {
		check.That(results[at].Status == status, "the results are %v", results)
	}
	check.That(results[0].Client.Value.Phone.Value == "+1 555-9876", "the results are %v", results)
	check.That(results[1].Problem.Value.Code == "not_found", "the results are %v", results)

	changes := as[*client.ChangePageHeaders](api.ListChanges(ctx, client.ListChangesParams{})).Response
	check.That(!changes.HasMore, "the changes are %v", changes)
	isDeleted := func(change client.Change) bool { return change.ID == chosen && change.DeletedAt.IsSet() }
	check.That(slices.ContainsFunc(changes.Changes, isDeleted), "the changes are %v", changes)

	blank := client.ClientCreate{Name: " "}
	refused := as[*client.ProblemHeaders](api.CreateClient(ctx, &blank, client.CreateClientParams{})).Response
	check.That(refused.Status == 400 && refused.Errors[0].Field == "name", "refused: %v", refused)
}
