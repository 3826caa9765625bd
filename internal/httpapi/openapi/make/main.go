// Command make makes the OpenAPI document: make SWAGGER PLAIN OUT, where SWAGGER is what
// protoc-gen-openapiv2 makes of the protos and http.yaml, and PLAIN describes the other routes.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/refrain-asr/refrain/access"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: make SWAGGER PLAIN OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(swagger, plain, out string) error {
	doc, err := ofProtos(swagger)
	if err != nil {
		return fmt.Errorf("%s: %w", swagger, err)
	}
	routes, err := ofRoutes(plain)
	if err != nil {
		return fmt.Errorf("%s: %w", plain, err)
	}
	if err := add(doc, routes); err != nil {
		return err
	}
	if err := describe(doc); err != nil {
		return err
	}
	text, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	whole, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return err
	}
	if err := whole.Validate(context.Background()); err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644) //nolint:gosec // it is a source file
}

// ofProtos reads what protoc-gen-openapiv2 made. A name with slashes, which it writes as **, becomes a
// parameter of its own name.
func ofProtos(name string) (*openapi3.T, error) {
	text, err := os.ReadFile(name) //nolint:gosec // whoever runs it names the file
	if err != nil {
		return nil, err
	}
	var old openapi2.T
	if err := json.Unmarshal(text, &old); err != nil {
		return nil, err
	}
	for path, item := range old.Paths {
		if !strings.Contains(path, "calls/**") {
			continue
		}
		for _, op := range item.Operations() {
			for _, p := range op.Parameters {
				if p.In == openapi3.ParameterInPath && (p.Name == "name" || p.Name == "sameNumberAs") {
					p.Name, p.Description = "call", "Its id, which may hold slashes."
				}
			}
		}
		delete(old.Paths, path)
		old.Paths[strings.Replace(path, "**", "{call}", 1)] = item
	}
	return openapi2conv.ToV3(&old)
}

// ofRoutes reads what describes the other routes. Not by the loader: references into the other's schemas hold
// only once both are one document.
func ofRoutes(name string) (*openapi3.T, error) {
	text, err := os.ReadFile(name) //nolint:gosec // whoever runs it names the file
	if err != nil {
		return nil, err
	}
	var read any
	if err := yaml.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(read); err != nil {
		return nil, err
	}
	var doc openapi3.T
	return &doc, json.Unmarshal(text, &doc)
}

// add adds paths and components to a document.
func add(doc, more *openapi3.T) error {
	for path, item := range more.Paths.Map() {
		into := doc.Paths.Value(path)
		if into == nil {
			doc.Paths.Set(path, item)
			continue
		}
		for method, op := range item.Operations() {
			if into.GetOperation(method) != nil {
				return fmt.Errorf("%s %s is described twice", method, path)
			}
			into.SetOperation(method, op)
		}
	}
	if doc.Components == nil {
		doc.Components = &openapi3.Components{}
	}
	doc.Components.Responses = more.Components.Responses
	for name, s := range more.Components.Schemas {
		if doc.Components.Schemas[name] != nil {
			return fmt.Errorf("schema %s is described twice", name)
		}
		doc.Components.Schemas[name] = s
	}
	return nil
}

// describe says what holds for all of it: who may ask, and what goes wrong.
func describe(doc *openapi3.T) error {
	doc.OpenAPI = "3.0.3"
	doc.Info = &openapi3.Info{Title: "Refrain", Version: "v1",
		Description: "The REST API. Names and numbers are those of the gRPC API, written in camel case as JSON; " +
			"streams are JSON objects, one after the other. Who may ask what stands with each request."}
	doc.Servers = openapi3.Servers{{URL: "/"}}
	doc.Components.SecuritySchemes = openapi3.SecuritySchemes{
		"key": {Value: &openapi3.SecurityScheme{Type: "http", Scheme: "bearer",
			Description: "A key, as refrain key add makes it."}},
		"session": {Value: &openapi3.SecurityScheme{Type: "apiKey", In: "cookie", Name: "__Host-refrain",
			Description: "A session, as POST /v1/sessions begins it."}},
		"csrf": {Value: &openapi3.SecurityScheme{Type: "apiKey", In: "header", Name: "X-Refrain-CSRF",
			Description: "The session's csrfToken, with all that changes something."}},
	}
	doc.Security = openapi3.SecurityRequirements{{"key": []string{}}, {"session": []string{}, "csrf": []string{}}}
	for name, schema := range doc.Components.Schemas {
		nulls(name, schema.Value)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			rule, ok := ruleOf(method, path, op)
			if !ok {
				return fmt.Errorf("nothing says who may use %s %s", method, path)
			}
			op.Description = strings.TrimSpace(op.Description + "\n\n" + who(rule))
			op.Responses.Set("default", &openapi3.ResponseRef{Ref: "#/components/responses/Error"})
		}
	}
	return nil
}

// nulls says of which properties of a message the answer may be null: the server writes what is absent, too.
func nulls(name string, schema *openapi3.Schema) {
	// the generator writes v1. before a name that something within a message has, too
	found := messageNamed(protoreflect.Name(strings.TrimPrefix(name, "v1.")))
	if found == nil || schema == nil {
		return // not a message: an enum, the body of a request, or what plain.yaml has
	}
	for name, property := range schema.Properties {
		field := found.Fields().ByJSONName(name)
		if field == nil || !field.HasPresence() {
			continue
		}
		if property.Ref != "" {
			// beside a reference nothing counts
			property = &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: openapi3.SchemaRefs{property}}}
			schema.Properties[name] = property
		}
		property.Value.Nullable = true
	}
}

// messageNamed finds a message of the API, also one within another; nil where there is none.
func messageNamed(name protoreflect.Name) (found protoreflect.MessageDescriptor) {
	protoregistry.GlobalTypes.RangeMessages(func(m protoreflect.MessageType) bool {
		d := m.Descriptor()
		if d.ParentFile().Package() != pb.File_refrain_v1_types_proto.Package() || d.Name() != name {
			return true
		}
		found = d
		return d.Parent() != d.ParentFile() // one within another gives way
	})
	return found
}

// ruleOf finds who may make a request: it is a route, or the RPC whose name its operation has.
func ruleOf(method, path string, op *openapi3.Operation) (access.Rule, bool) {
	if path == "/" {
		path = "/{$}"
	}
	if method == "HEAD" {
		method = "GET"
	}
	rule, ok := access.RouteOf(method + " " + path)
	if ok && rule.Via == "" {
		return rule, true
	}
	name := rule.Via
	if !ok && len(op.Tags) > 0 {
		// a second address of an RPC is told from the first by its name's end
		name = "refrain.v1." + op.Tags[0] + "/" + strings.TrimRight(op.OperationID, "0123456789")
	}
	return access.RuleOf(name)
}

// who says who may make a request.
func who(r access.Rule) string {
	if r.Open {
		return "Needs no key."
	}
	var roles []string
	for _, role := range access.Roles() {
		if r.Allows(role) {
			roles = append(roles, string(role))
		}
	}
	slices.Sort(roles)
	text := "For " + strings.Join(roles, ", ")
	return cmp.Or(map[access.Scope]string{
		access.AllLines:   text + "; not for keys of some lines only.",
		access.LineField:  text + "; keys of some lines only must name one of them.",
		access.LineOfName: text + "; keys of some lines only, about theirs.",
	}[r.Scope], text+".")
}
