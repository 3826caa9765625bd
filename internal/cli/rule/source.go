package rule

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
)

// position names a line of a file, or the file alone where it is all of it.
func position(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// sourceProblems reports what a server found wrong with the rules in a file, as check does.
// Other errors it passes on.
func (r *command) sourceProblems(file []string, err error) error {
	remote, ok := errors.AsType[*client.Error](err)
	if !ok || len(file) == 0 || len(remote.Fields) == 0 || remote.Fields[0].Field != "source" {
		return err
	}
	for _, v := range remote.Fields {
		var line int
		what := v.Problem
		if n, _ := fmt.Sscanf(what, "line %d:", &line); n == 1 {
			_, what, _ = strings.Cut(what, ": ")
		}
		r.Errorf("%s: %s", position(file[0], line), what)
	}
	return console.Failures(1, 1)
}

// readSource reads the file that args may name.
func readSource(args []string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	source, err := os.ReadFile(args[0])
	return string(source), err
}
