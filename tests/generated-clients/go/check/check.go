// Package check ends a program whose expectation does not hold.
package check

import "log"

// OK fails on an error.
func OK[T any](value T, err error) T {
	if err != nil {
		log.Panic(err)
	}
	return value
}

// That fails on anything else than true.
func That(holds bool, what string, values ...any) {
	if !holds {
		log.Panicf("not so: "+what, values...)
	}
}
