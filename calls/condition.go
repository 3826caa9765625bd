package calls

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/refrain-asr/refrain/fault"
)

// maxCost bounds what one evaluation of a condition may do, in CEL's own units: a
// condition over a few texts needs some dozens.
const maxCost = 10_000

// variable is a field of a call, as conditions name it.
type variable struct {
	kind  *cel.Type
	value func(*Call) ref.Val
}

// variables are what a condition may ask about.
var variables = map[string]variable{
	"call.id":        {cel.StringType, func(c *Call) ref.Val { return types.String(c.ID) }},
	"call.agent":     {cel.StringType, func(c *Call) ref.Val { return types.String(c.Agent) }},
	"call.line":      {cel.StringType, func(c *Call) ref.Val { return types.String(c.Line) }},
	"call.caller_id": {cel.StringType, func(c *Call) ref.Val { return types.String(c.CallerID) }},
	"call.start":     {cel.TimestampType, func(c *Call) ref.Val { return types.Timestamp{Time: c.Start} }},
	"call.outcome":   {cel.StringType, func(c *Call) ref.Val { return types.String(c.Outcome) }},
	"call.talk":      {cel.DurationType, func(c *Call) ref.Val { return types.Duration{Duration: c.Talk} }},
	"call.ended_by":  {cel.StringType, func(c *Call) ref.Val { return types.String(c.EndedBy) }},
	"call.code":      {cel.StringType, func(c *Call) ref.Val { return types.String(c.Code) }},
}

// environment knows the variables and CEL's standard functions, but no macros: a
// condition on one call has nothing to loop over.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{cel.ClearMacros()}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		options = append(options, cel.Variable(name, variables[name].kind))
	}
	return cel.NewEnv(options...)
})

// condition is a compiled condition on a call. The zero condition holds for none.
type condition struct{ program cel.Program }

// compile checks that a condition makes sense and says yes or no. Its error follows the
// name of the field.
func compile(text string) (condition, error) {
	env, err := environment()
	if err != nil {
		return condition{}, err
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		return condition{}, readable(text, issues)
	}
	if ast.OutputType() != cel.BoolType {
		return condition{}, fmt.Errorf("must say yes or no, but gives a %s; compare it with something", ast.OutputType())
	}
	if err := checkWords(ast); err != nil {
		return condition{}, err
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	return condition{program}, err
}

var field = regexp.MustCompile(`^call\.(\w+)`)

// readable puts CEL's findings on one line, without its drawings.
func readable(text string, issues *cel.Issues) error {
	var found []string
	for _, e := range issues.Errors() {
		message := strings.TrimPrefix(e.Message, "Syntax error: ")
		if e.Location.Line() == 1 && strings.HasPrefix(message, "undeclared reference to 'call'") {
			start := strings.LastIndex(text[:min(len(text), e.Location.Column()+1)], "call")
			if m := field.FindStringSubmatch(text[max(0, start):]); m != nil {
				message = fmt.Sprintf("a call has no %q%s", m[1], fault.DidYouMean("call."+m[1], slices.Sorted(maps.Keys(variables))))
			}
		}
		found = append(found, fmt.Sprintf("at column %d: %s", e.Location.Column()+1, message))
	}
	return errors.New("can't be read " + strings.Join(found, "; "))
}

// checkWords finds comparisons with outcomes and parties that there are not: a
// misspelt one would never hold, and nobody would notice.
func checkWords(ast *cel.Ast) error {
	known := map[string][]string{"call.outcome": {""}, "call.ended_by": {"", string(ByCustomer), string(ByAgent), string(BySystem)}}
	for _, o := range outcomes {
		known["call.outcome"] = append(known["call.outcome"], string(o))
	}
	var err error
	celast.PreOrderVisit(ast.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.CallKind || err != nil {
			return
		}
		call := e.AsCall()
		if !slices.Contains([]string{operators.Equals, operators.NotEquals, operators.In}, call.FunctionName()) {
			return
		}
		words, ok := known[identOf(call.Args())]
		if !ok {
			return
		}
		for _, text := range texts(call.Args()) {
			if !slices.Contains(words, text) {
				err = fmt.Errorf("asks for %q, which is none of %s%s", text, strings.Join(words[1:], ", "), fault.DidYouMean(text, words[1:]))
			}
		}
	}))
	return err
}

// identOf is the variable among the arguments, if there is one.
func identOf(args []celast.Expr) string {
	for _, a := range args {
		if a.Kind() == celast.IdentKind {
			return a.AsIdent()
		}
	}
	return ""
}

// texts are the texts among the arguments, and in their lists.
func texts(args []celast.Expr) (found []string) {
	for _, a := range args {
		switch a.Kind() { //nolint:exhaustive // others hold no text
		case celast.ListKind:
			found = append(found, texts(a.AsList().Elements())...)
		case celast.LiteralKind:
			if s, ok := a.AsLiteral().Value().(string); ok {
				found = append(found, s)
			}
		}
	}
	return found
}

// holds evaluates the condition on a call. One that can't be evaluated, such as one that
// costs too much, holds for no call: to freeze nobody is the smaller mistake.
func (c condition) holds(call *Call) bool {
	if c.program == nil {
		return false
	}
	v, _, err := c.program.Eval(activation{call})
	return err == nil && v == types.True
}

// activation gives a call to a condition.
type activation struct{ call *Call }

// ResolveName implements cel.Activation.
func (a activation) ResolveName(name string) (any, bool) {
	v, ok := variables[name]
	if !ok {
		return nil, false
	}
	return v.value(a.call), true
}

// Parent implements cel.Activation.
func (activation) Parent() cel.Activation { return nil }
