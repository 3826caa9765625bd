package tlsfiles

import (
	"net"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Make certificates for a private network: an authority of its own, a certificate for
the server, and one for each machine that talks to it. Certificates of another
authority do as well, and need none of this.

The authority's key (ca.key) signs whatever is trusted: keep it off the server, and give
machines ca.crt, their own NAME.crt and NAME.key alone.`

// New makes refrain tls.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "tls", Short: "Make certificates for a private network", Long: help,
		Example: "  refrain tls init --out tls --host refrain.internal,10.0.0.7\n  refrain tls client recorder-1 --out tls"}
	usage.RequireSubcommand(cmd)
	cmd.AddCommand(newInit(c), newServer(c), newClient(c))
	return cmd
}

// out is the authority's directory as a command was told it.
type out struct {
	dir   string
	hosts []string
	renew bool
}

func (o *out) directory(c *console.Console) certs.Directory {
	return certs.Directory{Path: o.dir, Now: c.Now}
}

func (o *out) dirFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.dir, "out", "tls", "the authority's `directory`")
}

func (o *out) hostFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.hosts, "host", nil, "`names` and IP addresses by which the server is reached")
}

func (o *out) renewFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.renew, "renew", false, "take the place of the certificate that is there")
}

func newInit(c *console.Console) *cobra.Command {
	var o out
	cmd := &cobra.Command{
		Use: "init", Short: "Make an authority and the server's certificate", Args: usage.NoArgs,
		Long: `Make an authority (good for 10 years) and a certificate for the server under the names
and IP addresses by which it is reached (good for 2 years). Nothing is overwritten.`,
		Example: "  refrain tls init --out tls --host refrain.internal,10.0.0.7",
		RunE: c.Action(func(*cobra.Command, []string) error {
			if err := checkHosts(o.hosts); err != nil {
				return err
			}
			d := o.directory(c)
			if err := d.NewAuthority(); err != nil {
				return err
			}
			if err := d.SignServer(o.hosts, false); err != nil {
				return err
			}
			return c.Println(
				"authority  "+d.CertFile(certs.AuthorityName)+"  (its key signs: keep "+d.KeyFile(certs.AuthorityName)+" off the server)",
				"server     "+d.CertFile(certs.ServerName)+", "+d.KeyFile(certs.ServerName),
				"", "In refrain.yaml:", "  tls:",
				"    cert: "+d.CertFile(certs.ServerName), "    key: "+d.KeyFile(certs.ServerName),
				"    client_ca: "+d.CertFile(certs.AuthorityName), "    require_client_certificate: true",
				"", "For each machine that talks to it: refrain tls client NAME --out "+o.dir)
		}),
	}
	o.dirFlag(cmd)
	o.hostFlag(cmd)
	return cmd
}

func newServer(c *console.Console) *cobra.Command {
	var o out
	cmd := &cobra.Command{
		Use: "server", Short: "Make or renew the server's certificate", Args: usage.NoArgs,
		Long: `Make the server's certificate again, with --renew in place of the one that is there: a
server that runs takes it within a second, and drops no connection.`,
		Example: "  refrain tls server --out tls --host refrain.internal,10.0.0.7 --renew",
		RunE: c.Action(func(*cobra.Command, []string) error {
			if err := checkHosts(o.hosts); err != nil {
				return err
			}
			return o.made(c, certs.ServerName, o.directory(c).SignServer(o.hosts, o.renew))
		}),
	}
	o.dirFlag(cmd)
	o.hostFlag(cmd)
	o.renewFlag(cmd)
	return cmd
}

// nameForm is what a client may be called: it is a part of its files' names.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func newClient(c *console.Console) *cobra.Command {
	var o out
	cmd := &cobra.Command{
		Use: "client NAME", Short: "Make a certificate for a machine that talks to the server", Args: usage.OneArg("name"),
		Example: "  refrain tls client recorder-1 --out tls",
		RunE: c.Action(func(_ *cobra.Command, args []string) error {
			name := args[0]
			if !nameForm.MatchString(name) || name == certs.AuthorityName || name == certs.ServerName {
				return usage.Errorf("%q can't be a client's name: letters, figures, and - _ . between them, and neither "+
					"ca nor server", name)
			}
			return o.made(c, name, o.directory(c).SignClient(name, o.renew))
		}),
	}
	o.dirFlag(cmd)
	o.renewFlag(cmd)
	return cmd
}

// made tells of a certificate that was made.
func (o *out) made(c *console.Console, name string, err error) error {
	if err != nil {
		return err
	}
	d := o.directory(c)
	return c.Println(d.CertFile(name), d.KeyFile(name))
}

// hostForm is a name of the DNS, such as refrain.internal or *.internal.
var hostForm = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

func checkHosts(hosts []string) error {
	if len(hosts) == 0 {
		return usage.Errorf("--host is missing; give the names and IP addresses by which the server is reached")
	}
	for _, h := range hosts {
		if net.ParseIP(h) == nil && (len(h) > 253 || !hostForm.MatchString(h)) {
			return usage.Errorf("--host has %q, which is neither a name nor an IP address (without a port)", h)
		}
	}
	return nil
}
