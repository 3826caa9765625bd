package calls

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/refrain-asr/refrain/fault"
)

// maxCost bounds what one evaluation of a condition may do, in CEL's own units: a
// condition over a few texts needs some dozens.
const maxCost = 10_000

// variables are what a condition may ask about; activation gives them. The number is
// not among them: a rule is for everybody.
var variables = map[string]*cel.Type{
	"call.id":        cel.StringType,
	"call.agent":     cel.StringType,
	"call.line":      cel.StringType,
	"call.caller_id": cel.StringType,
	"call.start":     cel.TimestampType,
	"call.outcome":   cel.StringType,
	"call.talk":      cel.DurationType,
	"call.ended_by":  cel.StringType,
	"call.code":      cel.StringType,
}

// environment knows the variables and CEL's standard functions, but no macros: a
// condition on one call has nothing to loop over.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{cel.ClearMacros()}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		options = append(options, cel.Variable(name, variables[name]))
	}
	return cel.NewEnv(options...)
})

// condition is a compiled condition on a call. The zero condition holds for none. It is
// safe for concurrent use.
type condition struct{ program cel.Program }

// compile checks that a condition makes sense and says yes or no. Its error follows the
// name of the field.
func compile(text string) (condition, error) {
	env, err := environment()
	if err != nil {
		return condition{}, err
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return condition{}, readable(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return condition{}, fmt.Errorf("must say yes or no, but gives a %s; compare it with "+
			"something", checked.OutputType())
	}
	if err := checkWords(checked); err != nil {
		return condition{}, err
	}
	// To measure the cost makes an evaluation four times as long: it is done only where
	// it isn't known beforehand that the cost is small.
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if worst, err := env.EstimateCost(checked, sizes{}); err != nil || worst.Max > maxCost {
		options = append(options, cel.CostLimit(maxCost))
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		return condition{}, fmt.Errorf("can't be used: %w", err)
	}
	return condition{program}, nil
}

// sizes tells CEL how long texts are at most.
type sizes struct{}

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if len(node.Path()) == 0 || node.Type() != cel.StringType {
		return nil
	}
	return &cost.SizeEstimate{Max: MaxText}
}

// EstimateCallCost implements cost.Estimator: CEL's own estimate is right.
func (sizes) EstimateCallCost(_, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	return nil
}

// readable puts CEL's findings on one line, without its drawings; the first say enough.
func readable(issues *cel.Issues) error {
	const most = 3
	var found []string
	for _, e := range issues.Errors()[:min(most, len(issues.Errors()))] {
		message := strings.TrimPrefix(e.Message, "Syntax error: ")
		if strings.HasPrefix(message, "undeclared reference to 'call") {
			message += "; there are " + strings.Join(slices.Sorted(maps.Keys(variables)), ", ")
		}
		found = append(found, place(e.Location.Line(), e.Location.Column()+1)+message)
	}
	return errors.New("can't be read: " + strings.Join(found, "; "))
}

// place says where in a condition something is, both counted from 1; a column below says
// that it is nowhere.
func place(line, column int) string {
	switch {
	case column < 1:
		return ""
	case line > 1:
		return fmt.Sprintf("at its line %d, column %d: ", line, column)
	}
	return fmt.Sprintf("at column %d: ", column)
}

// checkWords finds comparisons with outcomes and parties that there are not: a
// misspelt one would never hold, and nobody would notice.
func checkWords(checked *cel.Ast) error {
	known := map[string][]string{"call.ended_by": {string(ByCustomer), string(ByAgent),
		string(BySystem)}}
	for _, o := range outcomes {
		known["call.outcome"] = append(known["call.outcome"], string(o))
	}
	var wrong []error
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || !slices.Contains([]string{operators.Equals,
			operators.NotEquals, operators.In}, e.AsCall().FunctionName()) {
			return
		}
		words, ok := known[variableOf(e.AsCall().Args())]
		if !ok {
			return
		}
		for _, text := range texts(e.AsCall().Args()) {
			if text != "" && !slices.Contains(words, text) { // "" is not known yet
				wrong = append(wrong, fmt.Errorf("asks for %q, which is none of %s%s", text,
					strings.Join(words, ", "), fault.DidYouMean(text, words)))
			}
		}
	}))
	return errors.Join(wrong[:min(1, len(wrong))]...)
}

// variableOf is the variable among the arguments, if there is one.
func variableOf(args []ast.Expr) string {
	for _, a := range args {
		if a.Kind() == ast.IdentKind {
			return a.AsIdent()
		}
	}
	return ""
}

// texts are the texts among the arguments, and in their lists.
func texts(args []ast.Expr) (found []string) {
	for _, a := range args {
		switch a.Kind() { //nolint:exhaustive // others hold no text
		case ast.ListKind:
			found = append(found, texts(a.AsList().Elements())...)
		case ast.LiteralKind:
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
	v, _, err := c.program.Eval((*activation)(call))
	return err == nil && v == types.True
}

// activation gives a call to a condition, as far as that asks.
type activation Call

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "call.id":
		return types.String(a.ID), true
	case "call.agent":
		return types.String(a.Agent), true
	case "call.line":
		return types.String(a.Line), true
	case "call.caller_id":
		return types.String(a.CallerID), true
	case "call.start":
		return types.Timestamp{Time: a.Start}, true
	case "call.outcome":
		return types.String(a.Outcome), true
	case "call.talk":
		// A condition that needs what isn't known can't be evaluated, and so holds for no call.
		return types.Duration{Duration: a.Talk}, !a.TalkUnknown
	case "call.ended_by":
		return types.String(a.EndedBy), true
	case "call.code":
		return types.String(a.Code), true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (*activation) Parent() cel.Activation { return nil }
