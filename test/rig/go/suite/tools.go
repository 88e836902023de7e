//go:build tools

// Package tools names what is built from this module, so that `go mod tidy` keeps it.
package tools

import (
	_ "sigs.k8s.io/gateway-api-conformance-images/echo-basic"
	_ "sigs.k8s.io/gateway-api/conformance"
)
