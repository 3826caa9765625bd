// Command alerts checks a file of Prometheus alert rules as promtool check rules does: by
// Prometheus's own parser, templates and queries included. It is a module of its own, since what
// it needs is larger than all that refrain does.
package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	failed := false
	for _, path := range os.Args[1:] {
		groups, errs := rulefmt.ParseFile(path, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
		for _, err := range errs {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
		}
		if len(errs) > 0 {
			continue
		}
		rules := 0
		for _, g := range groups.Groups {
			rules += len(g.Rules)
		}
		fmt.Printf("%s: %d rules\n", path, rules)
	}
	if failed || len(os.Args) < 2 {
		os.Exit(1)
	}
}
