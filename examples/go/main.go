// The API from end to end, with the client that oapi-codegen generates from the contract.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"clients-example/client"
)

//go:generate go tool oapi-codegen -config config.yaml ../../docs/openapi.json

func withKey(key string) *client.ClientWithResponses {
	url := os.Getenv("API_URL")
	if url == "" {
		url = "http://127.0.0.1:3000/api/v1"
	}
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	}
	return must(client.NewClientWithResponses(
		url, client.WithHTTPClient(newHTTPClient()), client.WithRequestEditorFn(authorize),
	))
}

// must returns a value, and ends the program if there is an error.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// answer is what all answers of the generated client have in common.
type answer interface {
	StatusCode() int
	GetBody() []byte
}

// ok returns an answer, and ends the program if the request was refused.
func ok[T answer](got T, err error) T {
	if must(got, err).StatusCode() >= 300 {
		log.Fatal(got.StatusCode(), " ", problem(got, nil).Detail)
	}
	return got
}

// problem returns the problem document of a request that was refused.
func problem[T answer](got T, err error) (document client.Problem) {
	if err := json.Unmarshal(must(got, err).GetBody(), &document); err != nil {
		log.Fatalf("%d %s", got.StatusCode(), got.GetBody())
	}
	return document
}

// describe gives a problem by its stable code and everything that is wrong with the input.
func describe(problem client.Problem) string {
	text := fmt.Sprintf("%d %s", problem.Status, problem.Code)
	if problem.Errors == nil {
		return text
	}
	errors := []string{}
	for _, one := range *problem.Errors {
		errors = append(errors, one.Field+" "+one.Message)
	}
	return text + ": " + strings.Join(errors, ", ")
}

func names(clients []client.ClientRecord) string {
	all := []string{}
	for _, one := range clients {
		all = append(all, one.Name)
	}
	return strings.Join(all, ", ")
}

// text is a field that may be null.
func text(field nullable.Nullable[string]) string {
	if value, err := field.Get(); err == nil {
		return value
	}
	return "null"
}

type changes map[uuid.UUID]client.Change

// catchUp reads all changes after a cursor, and returns the next one. A change may come twice, so the version decides.
// Other clients than those in `seen` are passed over.
func catchUp(ctx context.Context, api *client.ClientWithResponses, cursor *string, seen changes) *string {
	for {
		page := ok(api.ListChangesWithResponse(ctx, &client.ListChangesParams{Cursor: cursor})).JSON200
		for _, change := range page.Changes {
			if known, exists := seen[change.Id]; exists && change.Version > known.Version {
				seen[change.Id] = change
			}
		}
		cursor = &page.NextCursor
		if !page.HasMore {
			return cursor
		}
	}
}

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	api := withKey(os.Getenv("API_KEY"))

	// Create. One key for one client to be made: the request can be sent again without making a second one.
	creationKey := uuid.NewString()
	create := func() client.ClientRecord {
		body := client.ClientCreate{Name: "John Doe (example)", Phone: nullable.NewNullableWithValue("+1 555-1234")}
		params := client.CreateClientParams{IdempotencyKey: &creationKey}
		return ok(api.CreateClientWithResponse(ctx, &params, body)).JSON201.Data
	}
	john := create()
	fmt.Printf("Created: %s, %s, %s\n", john.Name, text(john.Phone), john.Status)
	which := "another client"
	if create().Id == john.Id {
		which = "the same client"
	}
	fmt.Println("The same request again:", which)

	// Batch. Each operation has a result of its own, so some can fail while others succeed.
	operations := []client.BatchOperation{}
	for _, one := range [][2]string{
		{"Jane Doe (example)", "+1 555-5678"},
		{"Zoë Doe (example)", ""},
		{" ", strings.Repeat("5", 51)},
	} {
		fields := client.ClientUpdate{Name: &one[0], Phone: nullable.NewNullableWithValue(one[1])}
		operations = append(operations, client.BatchOperation{Operation: client.Create, Client: &fields})
	}
	batchKey := uuid.NewString()
	results := ok(api.BatchClientsWithResponse(
		ctx, &client.BatchClientsParams{IdempotencyKey: &batchKey}, client.Batch{Operations: operations},
	)).JSON200.Results
	created := []client.ClientRecord{}
	for _, result := range results {
		if result.Client != nil {
			created = append(created, *result.Client)
		}
	}
	fmt.Println("Created in a batch:", names(created))
	for _, result := range results {
		if result.Problem != nil {
			fmt.Println("Refused in the batch:", describe(*result.Problem))
		}
	}

	// List: all pages of a search, in order.
	listed, total := []client.ClientRecord{}, 0
	query, sortBy, limit := "doe example", client.ListClientsParamsSortByName, 2
	for {
		offset := len(listed)
		page := ok(api.ListClientsWithResponse(ctx, &client.ListClientsParams{
			Query:  &query,
			Status: &[]client.ClientStatus{client.Active},
			SortBy: &sortBy,
			Limit:  &limit,
			Offset: &offset,
		})).JSON200
		listed, total = append(listed, page.Data...), page.Total
		if len(page.Data) == 0 || len(listed) >= total {
			break
		}
	}
	fmt.Printf("All pages, by name: %s; %d in total\n", names(listed), total)
	search := "example, zoe"
	found := ok(api.ListClientsWithResponse(ctx, &client.ListClientsParams{Query: &search})).JSON200.Data
	fmt.Printf("Found by %q: %s\n", search, names(found))

	// Get, and update only what nobody has changed since.
	update := func(tag string, fields client.ClientUpdate) (*client.UpdateClientResponse, error) {
		return api.UpdateClientWithResponse(ctx, john.Id, &client.UpdateClientParams{IfMatch: &tag}, fields)
	}
	tagOf := func(response *http.Response) string { return response.Header.Get("ETag") }
	tag := tagOf(ok(api.GetClientWithResponse(ctx, john.Id, nil)).HTTPResponse)
	inactive, noNotes := client.Inactive, client.ClientUpdate{Notes: nullable.NewNullNullable[string]()}
	updated := ok(update(tag, client.ClientUpdate{
		Status: &inactive, Notes: nullable.NewNullableWithValue("No longer active"),
	}))
	data := updated.JSON200.Data
	fmt.Printf("Updated %s to %s: %s, %s\n", tag, tagOf(updated.HTTPResponse), data.Status, text(data.Notes))
	late := must(update(tag, noNotes))
	fmt.Printf("Updated %s once more: %s\n", tag, describe(problem(late, nil)))
	if late.StatusCode() == http.StatusPreconditionFailed {
		// Somebody else was first. Read what is there now, and decide again.
		now := tagOf(ok(api.GetClientWithResponse(ctx, john.Id, nil)).HTTPResponse)
		merged := ok(update(now, noNotes))
		fmt.Printf("Updated %s to %s: notes are %s\n", now, tagOf(merged.HTTPResponse), text(merged.JSON200.Data.Notes))
	}

	// Delete and restore.
	ok(api.DeleteClientWithResponse(ctx, john.Id, nil))
	fmt.Println("Deleted, and read again:", describe(problem(api.GetClientWithResponse(ctx, john.Id, nil))))
	fmt.Println("Restored:", ok(api.RestoreClientWithResponse(ctx, john.Id, nil)).JSON200.Data.Name)

	// Put: create or replace, under an identifier made of another system's. The namespace is yours: choose it once.
	own := uuid.NewSHA1(uuid.MustParse("a3b8f3a2-5a0e-4d8e-9a6c-6d0f2b7c1e55"), []byte("crm-1842"))
	put := func() string {
		ada := client.ClientCreate{Name: "Ada Doe (example)"}
		if ok(api.PutClientWithResponse(ctx, own, nil, ada)).StatusCode() == http.StatusCreated {
			return "created"
		}
		return "replaced"
	}
	fmt.Printf("Put twice as crm-1842: %s, then %s\n", put(), put())
	permanently := true
	ok(api.DeleteClientWithResponse(ctx, own, &client.DeleteClientParams{Permanently: &permanently}))

	// Changes: the whole organization, then what has changed since.
	seen := changes{john.Id: {}}
	for _, one := range created {
		seen[one.Id] = client.Change{}
	}
	cursor := catchUp(ctx, api, nil, seen)
	versions := []string{}
	for _, change := range seen {
		versions = append(versions, fmt.Sprint(*change.Name, " ", change.Version))
	}
	slices.Sort(versions)
	fmt.Println("All changes so far, by version:", strings.Join(versions, ", "))
	deletions := 0
	for id := range seen {
		ok(api.DeleteClientWithResponse(ctx, id, &client.DeleteClientParams{Permanently: &permanently}))
	}
	catchUp(ctx, api, cursor, seen)
	for _, change := range seen {
		if change.DeletedAt != nil {
			deletions++
		}
	}
	fmt.Println("Deleted all for good, and changes since then:", deletions, "deletions")

	// Errors. Match on `code`; the texts are for people.
	limit = 1000
	refused := problem(api.ListClientsWithResponse(ctx, &client.ListClientsParams{Limit: &limit}))
	fmt.Println("A limit of 1000:", describe(refused))
	stranger := withKey("ba_" + strings.Repeat("0", 40))
	fmt.Println("A wrong key:", describe(problem(stranger.ListClientsWithResponse(ctx, nil))))
}
