// Package openapi is the description of the REST API as a document of OpenAPI 3.0, for whoever writes a
// client. The subpackage make makes it of the protos, http.yaml, the plain routes and the table of access.
package openapi

import _ "embed"

// Document is the description, as JSON.
//
//go:embed openapi.json
var Document []byte
