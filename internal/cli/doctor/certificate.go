package doctor

import (
	"fmt"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// renewBefore is how long before its end a certificate is to be renewed.
const renewBefore = 21 * 24 * time.Hour

// certificateFiles looks at the files of the configured certificate.
func (d *doctor) certificateFiles() {
	if !d.cfg.TLS.On() {
		return
	}
	o := d.cfg.TLS.Options()
	o.Now = d.Now
	files, err := certs.Open(o)
	if err != nil {
		d.add("certificate", bad, err.Error(), "mend the files that tls names")
		return
	}
	d.certificate("certificate", files.Expires())
}

// served looks at the certificate that the server showed, where it showed one.
func (d *doctor) served(p *peer.Peer) {
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return
	}
	d.certificate("the server's certificate", info.State.PeerCertificates[0].NotAfter)
}

func (d *doctor) certificate(what string, ends time.Time) {
	says := fmt.Sprintf("ends on %s", ends.In(output.Zone()).Format(time.DateOnly))
	switch left := ends.Sub(d.Now()); {
	case left <= 0:
		d.add(what, bad, says, "renew it: 'refrain tls server --renew', or at its authority")
	case left < renewBefore:
		d.add(what, warn, says, "renew it: 'refrain tls server --renew', or at its authority")
	default:
		d.add(what, good, says, "")
	}
}
