package s3test

import (
	"encoding/json"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// Proxy stands between a client and a server, and disturbs them.
type Proxy struct{ proxy *toxiproxy.Proxy }

// Before starts a proxy before a server; it ends with the test.
func Before(tb testing.TB, addr string) *Proxy {
	tb.Helper()
	p := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), tb.Name(),
		"127.0.0.1:0", addr)
	require.NoError(tb, p.Start())
	tb.Cleanup(p.Stop)
	return &Proxy{p}
}

// Addr is where it listens, also after Down and Up.
func (p *Proxy) Addr() string { return p.proxy.Listen }

// Down breaks all connections off, and takes none.
func (p *Proxy) Down() { p.proxy.Stop() }

// Up takes connections again.
func (p *Proxy) Up(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, p.proxy.Start())
}

// Lead has it lead to another address from now on.
func (p *Proxy) Lead(tb testing.TB, addr string) {
	tb.Helper()
	p.proxy.Stop()
	p.proxy.Upstream = addr
	require.NoError(tb, p.proxy.Start())
}

// Directions of what is disturbed.
const (
	Sent     = "upstream"
	Received = "downstream"
)

// Disturb does so from now on in a way of toxiproxy's, on open connections, too.
func (p *Proxy) Disturb(tb testing.TB, direction, kind string, attributes map[string]int) {
	tb.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "stream": direction, "attributes": attributes})
	require.NoError(tb, err)
	_, err = p.proxy.Toxics.AddToxicJson(strings.NewReader(string(text)))
	require.NoError(tb, err)
}

// Calm ends all that disturbs.
func (p *Proxy) Calm(tb testing.TB) {
	tb.Helper()
	p.proxy.Toxics.ResetToxics(tb.Context())
}
