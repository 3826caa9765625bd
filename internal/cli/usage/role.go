package usage

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// GrantFlags adds --role, which does says the use of, and --line.
func GrantFlags(cmd *cobra.Command, does string, role *string, lines *[]string) {
	cmd.Flags().StringVar(role, "role", "", does+": `"+strings.Join(roles(), ", ")+"`")
	cmd.Flags().StringSliceVar(lines, "line", nil, "only for this `line`; may be given several times")
}

// Role reads what --role says.
func Role(s string) (pb.Role, error) {
	v, ok := pb.Role_value["ROLE_"+strings.ToUpper(s)]
	if !ok || v == 0 {
		return 0, Errorf("--role is %q; it must be one of %s", s, strings.Join(roles(), ", "))
	}
	return pb.Role(v), nil
}

// roles are the names of all roles.
func roles() []string {
	var names []string
	for i := range int32(len(pb.Role_name)) {
		if i > 0 {
			names = append(names, output.EnumName(pb.Role(i), "ROLE_"))
		}
	}
	slices.Sort(names)
	return names
}
