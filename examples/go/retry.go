package main

import (
	"context"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
)

// newHTTPClient repeats a request that was refused for a while (as Retry-After says), or that got no answer. A 429 has
// changed nothing. After a 503 or without an answer, a write may have taken effect: here all can be sent again, because
// each POST has an Idempotency-Key (or restores a client) and each PATCH an If-Match.
func newHTTPClient() *http.Client {
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	// After the last attempt, the caller gets the answer itself.
	retrying.ErrorHandler = retryablehttp.PassthroughErrorHandler
	retrying.CheckRetry = func(ctx context.Context, response *http.Response, err error) (bool, error) {
		// Everything else is the caller's to decide: a 500, for one, seldom passes.
		final := response != nil && response.StatusCode != http.StatusTooManyRequests &&
			response.StatusCode != http.StatusServiceUnavailable
		if final {
			return false, err
		}
		return retryablehttp.DefaultRetryPolicy(ctx, response, err)
	}
	return retrying.StandardClient()
}
