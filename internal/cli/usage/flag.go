package usage

import (
	"errors"

	"github.com/spf13/pflag"
)

// FlagError says of a flag's value what it must be, where the flag's own type would tell in the words
// of Go's parsers.
func FlagError(err error) error {
	wrong, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	flag := wrong.GetFlag()
	must, ok := map[string]string{
		"int": "a whole number", "int32": "a whole number", "int64": "a whole number",
		"uint": "a whole number of 0 or more", "float64": "a number, such as 0.5",
		"bool": "true or false", "duration": "a period with its unit, such as 30s, 10m or 24h",
	}[flag.Value.Type()]
	if !ok {
		return err
	}
	return Errorf("--%s %q must be %s", flag.Name, wrong.GetValue(), must)
}
