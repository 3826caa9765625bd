package app_test

import (
	"bufio"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// carrier answers SIP calls by what answer says for the number: a status and its text.
type carrier struct {
	conn net.PacketConn

	mu      sync.Mutex // held while answer runs
	answer  func(number string) string
	dialled []string
}

func startCarrier(t *testing.T, answer func(number string) string) *carrier {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	c, done := &carrier{conn: conn, answer: answer}, make(chan struct{})
	go func() { defer close(done); c.serve() }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return c
}

var requestLine = regexp.MustCompile(`^(\S+) sip:(\d*)@?\S* SIP/2\.0$`)

func (c *carrier) serve() {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := c.conn.ReadFrom(buf)
		if err != nil {
			return // the test has ended
		}
		r := textproto.NewReader(bufio.NewReader(strings.NewReader(string(buf[:n]))))
		first, _ := r.ReadLine()
		head, _ := r.ReadMIMEHeader()
		m := requestLine.FindStringSubmatch(first)
		if m == nil {
			continue
		}
		switch method, number := m[1], m[2]; method {
		case "ACK":
		case "INVITE":
			c.reply(from, head, c.ring(number))
		case "CANCEL":
			c.reply(from, head, "200 OK")
			head.Set("CSeq", strings.Replace(head.Get("CSeq"), "CANCEL", "INVITE", 1))
			c.reply(from, head, "487 Request Terminated")
		default:
			c.reply(from, head, "200 OK")
		}
	}
}

func (c *carrier) reply(to net.Addr, head textproto.MIMEHeader, status string) {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %s\r\nFrom: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:%s>\r\n", status, head.Get("From"), head.Get("Call-ID"),
		head.Get("CSeq"), c.conn.LocalAddr())
	for _, via := range head["Via"] {
		fmt.Fprintf(&b, "Via: %s\r\n", via)
	}
	fmt.Fprintf(&b, "To: %s;tag=carrier\r\n", strings.TrimSuffix(head.Get("To"), ";tag=carrier"))
	body := ""
	if strings.HasPrefix(status, "200") && strings.HasSuffix(head.Get("CSeq"), "INVITE") {
		body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	_, _ = c.conn.WriteTo([]byte(b.String()), to)
}

func (c *carrier) ring(number string) (status string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dialled = append(c.dialled, number)
	return c.answer(number)
}

// seen are the numbers that were dialled.
func (c *carrier) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.dialled)
}

// freeAddr is a UDP address that nothing listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().String()
}
