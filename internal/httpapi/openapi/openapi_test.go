package openapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/httpapi/desk"
	"github.com/refrain-asr/refrain/internal/httpapi/openapi"
)

// The document is valid, and leaves out no route. That it leaves out no RPC and describes nothing that there
// isn't, the command that makes it sees to.
func TestDocument(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	for _, pattern := range access.Routes() {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || pattern == desk.Assets || slices.Contains(desk.Pages, pattern) {
			continue // all of REST, and what browsers alone ask for
		}
		item := doc.Paths.Value(strings.ReplaceAll(path, "{$}", ""))
		require.NotNil(t, item, "plain.yaml says nothing of %s", pattern)
		require.NotNil(t, item.GetOperation(method), "plain.yaml says nothing of %s", pattern)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			require.NotEmpty(t, op.Summary, "%s %s", method, path)
			require.NotEmpty(t, op.OperationID, "%s %s", method, path)
			require.NotNil(t, op.Responses.Default(), "%s %s", method, path)
		}
	}
}
