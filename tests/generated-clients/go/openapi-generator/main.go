// The story of ../../README.md, told with the client of openapi-generator.
package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"

	"generated-clients/check"
	"generated-clients/openapi-generator/client"
)

// problem is the problem document of a failed call.
func problem(answer *http.Response, err error, status int) client.Problem {
	var failure *client.GenericOpenAPIError
	check.That(errors.As(err, &failure), "an error of the API: %v", err)
	problem, ok := failure.Model().(client.Problem)
	check.That(ok && answer.StatusCode == status, "a problem document: %s", failure.Body())
	return problem
}

func main() {
	ctx := context.WithValue(context.Background(), client.ContextAccessToken, os.Getenv("API_KEY"))
	configuration := client.NewConfiguration()
	configuration.Servers = client.ServerConfigurations{{URL: os.Getenv("API_URL")}}
	api := client.NewAPIClient(configuration).ClientsAPI
	create := func(body *client.ClientCreate) client.ClientRecord {
		created, _, err := api.CreateClient(ctx).ClientCreate(*body).Execute()
		return check.OK(created, err).Data
	}

	withPhone := client.NewClientCreate("Ada")
	withPhone.SetPhone("+1 555-1234")
	withPhone.SetNotes("First.")
	ada := create(withPhone)
	withStatus := client.NewClientCreate("Bob")
	withStatus.SetStatus(client.INACTIVE)
	bob := create(withStatus)
	check.That(ada.Status == client.ACTIVE, "the status is %v", ada.Status)
	check.That(bob.Phone.Get() == nil, "there is no phone: %v", bob.Phone)

	status := []client.ClientStatus{client.ACTIVE, client.INACTIVE}
	page, _, err := api.ListClients(ctx).Status(status).SortBy("name").SortOrder("desc").Limit(1).Execute()
	check.OK(page, err)
	check.That(page.Total == 2, "the total is %v", page.Total)
	check.That(len(page.Data) == 1 && page.Data[0].Name == "Bob", "the page is %v", page.Data)

	read, _, err := api.GetClient(ctx, ada.Id).Execute()
	check.That(check.OK(read, err).Data.CreatedAt.Equal(ada.CreatedAt), "the client is %v", read)

	noPhone := client.NewClientUpdate()
	noPhone.SetPhoneNil()
	changed, _, err := api.UpdateClient(ctx, ada.Id).ClientUpdate(*noPhone).Execute()
	check.That(check.OK(changed, err).Data.Phone.Get() == nil, "the client is %v", changed)
	check.That(changed.Data.GetNotes() == "First.", "the client is %v", changed)

	for _, id := range []string{ada.Id, bob.Id} {
		deleted, _, err := api.DeleteClient(ctx, id).Execute()
		check.That(check.OK(deleted, err).Success, "deleted: %v", deleted)
	}

	_, answer, err := api.GetClient(ctx, ada.Id).Execute()
	gone := problem(answer, err, http.StatusNotFound)
	check.That(gone.Code == "not_found", "gone: %v", gone)

	restored, _, err := api.RestoreClient(ctx, ada.Id).Execute()
	check.That(check.OK(restored, err).Data.GetNotes() == "First.", "restored: %v", restored)

	chosen := "220745ee-989c-5da3-8344-4384e51643fe"
	put, answer, err := api.PutClient(ctx, chosen).ClientCreate(*client.NewClientCreate("Cyd")).Execute()
	check.OK(put, err)
	check.That(answer.StatusCode == http.StatusCreated, "put: %v", put)

	phone := client.NewClientUpdate()
	phone.SetPhone("+1 555-9876")
	update := client.NewBatchOperation("update")
	update.SetId(chosen)
	update.SetClient(*phone)
	operations := []client.BatchOperation{*update}
	for _, id := range []string{bob.Id, chosen, ada.Id} {
		deletion := client.NewBatchOperation("delete")
		deletion.SetId(id)
		operations = append(operations, *deletion)
	}
	batch, _, err := api.BatchClients(ctx).Batch(*client.NewBatch(operations)).Execute()
	results := check.OK(batch, err).Results
	for at, status := range []int32{200, 404, 200, 200} {
		check.That(results[at].Status == status, "the results are %v", results)
	}
	check.That(*results[0].Client.Phone.Get() == "+1 555-9876", "the results are %v", results)
	check.That(results[1].Problem.Code == "not_found", "the results are %v", results)

	changes, _, err := api.ListChanges(ctx).Execute()
	check.That(!check.OK(changes, err).HasMore, "the changes are %v", changes)
	isDeleted := func(change client.Change) bool { return change.Id == chosen && change.DeletedAt != nil }
	check.That(slices.ContainsFunc(changes.Changes, isDeleted), "the changes are %v", changes)

	_, answer, err = api.CreateClient(ctx).ClientCreate(*client.NewClientCreate(" ")).Execute()
	refused := problem(answer, err, http.StatusBadRequest)
	check.That(refused.Errors[0].Field == "name", "refused: %v", refused)
}
