package app_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// exposed are the series that a server's metrics tell, by name and with their labels.
func exposed(t *testing.T, base string, key ...string) map[string][]string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/metrics", http.NoBody)
	require.NoError(t, err)
	for _, k := range key {
		req.Header.Set("Authorization", "Bearer "+k)
	}
	web := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer web.CloseIdleConnections()
	resp, err := web.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	series := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "#") {
			name := line[:strings.IndexAny(line, "{ ")]
			series[name] = append(series[name], line)
		}
	}
	return series
}

// selector is a metric in an alert's expression, with what is asked of its labels.
var selector = regexp.MustCompile(`\b(refrain_\w+)(?:\{(\w+)="(\w+)"\})?`)

// Every metric that an alert goes by is told of in the manual, and by a server to which what it warns of has happened,
// with the labels that it asks for and speaks of. That the file is one for Prometheus is checked by
// make alerts.
func TestAlertsGoByMetricsThatAreTold(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/alerts.yml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(b, &file))
	manual, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)

	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	m := meta(1)
	m.Source = "pbx"
	parked := s.send(t.Context(), t, m, sample(t, refusalSample))
	require.NoError(t, s.stop())
	change(t, cfg, `UPDATE recordings SET state = 'parked', problem_reason = $1 WHERE id = $2`,
		recording.AudioUnreadable, strings.TrimPrefix(parked.GetName(), "recordings/"))
	s = start(t, cfg)
	m = meta(2)
	m.Source = "pbx"
	s.send(t.Context(), t, m, sample(t, refusalSample))
	s.Ask(t, "13800138001")
	for i := range 25 { // a line that fails
		_, err := s.Calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: &pb.Call{
			CallId: fmt.Sprint("failed-", i), Number: fmt.Sprintf("1390013%04d", i), Line: "trunk",
			StartTime: timestamppb.New(time.Now().Add(-time.Second)), Outcome: pb.Outcome_OUTCOME_REJECTED}})
		require.NoError(t, err)
	}

	series := exposed(t, "http://"+s.app.HTTPAddr())
	protected := testConfig(t.TempDir())
	d := network(t)
	protected.TLS.Cert, protected.TLS.Key = d.CertFile("server"), d.KeyFile("server")
	maps.Copy(series, exposed(t, "https://"+start(t, protected).app.HTTPAddr()))
	c := startCentre(t, testConfig(t.TempDir()))
	monitor, err := c.Keys.AddKey(c.admin, &pb.AddKeyRequest{KeyId: "prometheus", Role: pb.Role_ROLE_MONITOR})
	require.NoError(t, err)
	g := startGate(t, gateConfig(t, c.app.GRPCAddr(), c.gateKey), c.dialler)
	c.follows(t, g)
	maps.Copy(series, exposed(t, "http://"+g.gate.HTTPAddr(), monitor.GetToken()))
	rules := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			metrics := selector.FindAllStringSubmatch(r.Expr, -1)
			if !strings.Contains(r.Expr, "up{") {
				require.NotEmpty(t, metrics, r.Alert)
			}
			for _, m := range metrics {
				require.Contains(t, string(manual), strings.TrimSuffix(m[1], "_bucket"), r.Alert)
				found := series[m[1]]
				require.NotEmpty(t, found, "%s goes by %s, which a server doesn't tell", r.Alert, m[1])
				all := strings.Join(found, "")
				if m[2] != "" {
					require.Contains(t, all, m[2]+`="`+m[3]+`"`, r.Alert)
				}
				for _, label := range labels(r.Annotations) {
					require.Contains(t, all, label+`="`, "%s speaks of %s", r.Alert, label)
				}
			}
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.NotEmpty(t, r.Annotations["do"], r.Alert)
		}
	}
	require.Greater(t, rules, 10)
}

var labelOf = regexp.MustCompile(`\$labels\.(\w+)`)

// labels are those that the annotations speak of.
func labels(annotations map[string]string) (names []string) {
	for _, text := range annotations {
		for _, m := range labelOf.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
	}
	return names
}
