package app

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/refrain-asr/refrain/internal/certs"
)

// expiresSoon is how long before its end a certificate is told of.
const expiresSoon = 21 * 24 * time.Hour

// openCerts reads the certificates, where there is TLS.
func (a *App) openCerts(ctx context.Context) (err error) {
	if !a.cfg.TLS.On() {
		return nil
	}
	o := a.cfg.TLS.Options()
	o.Now, o.Changed = a.now, func(err error) { a.certsChanged(context.WithoutCancel(ctx), err) }
	if a.certs, err = certs.Open(o); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	return nil
}

func (a *App) certsChanged(ctx context.Context, err error) {
	if err != nil {
		a.log.ErrorContext(ctx, "the certificates changed and can't be used; those of before go on",
			"error", err)
		return
	}
	a.log.InfoContext(ctx, "the certificates were read anew")
}

// credentials are those of a gRPC server, nil without TLS.
func (a *App) credentials() credentials.TransportCredentials {
	if a.certs == nil {
		return nil
	}
	return onTheNet{credentials.NewTLS(a.certs.Server("h2"))}
}

// onTheNet protects what comes over a network, and leaves alone what never leaves the machine:
// the bridge of REST, and Unix sockets.
type onTheNet struct {
	credentials.TransportCredentials
}

// ServerHandshake implements credentials.TransportCredentials.
func (c onTheNet) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if !strings.HasPrefix(conn.LocalAddr().Network(), "tcp") {
		return insecure.NewCredentials().ServerHandshake(conn)
	}
	return c.TransportCredentials.ServerHandshake(conn)
}

// answersTo tells whether HTTP may be asked by the name host: one of this machine, of its
// certificate, or one that is configured, such as that of a proxy before it.
func (a *App) answersTo(host string) bool {
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return true
	}
	if public := a.cfg.SignIn.Public(); public != nil && strings.EqualFold(public.Hostname(), host) {
		return true
	}
	return a.certs != nil && (a.certs.Names(host) || slices.ContainsFunc(a.cfg.TLS.Hosts,
		func(h string) bool { return strings.EqualFold(h, host) }))
}

// certNotes say what is wrong with the certificates, or soon will be.
func (a *App) certNotes() (notes []string) {
	if a.certs == nil {
		return nil
	}
	if a.certs.Failing() {
		notes = append(notes, "the files of tls hold what can't be used, and the certificate of before goes on: "+
			"the log tells why")
	}
	if ends := a.certs.Expires(); ends.Sub(a.now()) < expiresSoon {
		notes = append(notes, "the certificate ends at "+ends.Format(time.RFC3339)+": renew it")
	}
	return notes
}
