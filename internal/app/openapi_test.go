package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/httpapi/openapi"
)

var described = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// asDescribed checks an answer of JSON to what the OpenAPI document says of it, so that each test over REST
// checks the document, too.
func asDescribed(t *testing.T, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") || resp.Header.Get("Transfer-Encoding") != "" {
		return
	}
	router, err := described()
	require.NoError(t, err)
	route, params, err := router.FindRoute(req)
	if err != nil { // what isn't there must not be found
		require.GreaterOrEqual(t, resp.StatusCode, http.StatusBadRequest, "%s %s is not described", req.Method, req.URL)
		return
	}
	if strings.HasSuffix(route.Path, ":watch") || strings.HasSuffix(route.Path, ":export") {
		return // objects one after the other are no JSON
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	}
	input.SetBodyBytes(body)
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), input), "%s %s", req.Method, req.URL)
}

// The document is served to whoever asks, and describes itself.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	code, got := rest(t, "GET", "http://"+s.app.HTTPAddr()+"/v1/openapi.json", "", "")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, dig(t, got, "paths"), "/v1/openapi.json")
}
