package limit

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Listener is a net.Listener of which at most so many connections are open at once. Where another
// comes, the one that has been silent the longest is closed, if that is 2 seconds; else the new one
// is. So connections that do nothing keep nobody out.
type Listener struct {
	net.Listener
	most   int
	closed func()
	began  time.Time

	mu   sync.Mutex
	open map[*conn]struct{}
}

// Listen limits a listener. Closed is called for each connection that is closed because there are
// too many.
func Listen(l net.Listener, most int, closed func()) *Listener {
	return &Listener{Listener: l, most: most, closed: closed, began: time.Now(),
		open: map[*conn]struct{}{}}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if one := l.admit(c); one != nil {
			return one, nil
		}
		_ = c.Close()
	}
}

// admit makes room for a connection; nil where there is none.
func (l *Listener) admit(c net.Conn) *conn {
	one := &conn{Conn: c, of: l}
	one.heard.Store(int64(time.Since(l.began)))
	silent, full := l.put(one)
	if full {
		l.closed()
	}
	if silent != nil {
		_ = silent.Close()
	}
	if full && silent == nil {
		return nil
	}
	return one
}

// put counts a connection in, in the place of a silent one where it is full, if there is such.
func (l *Listener) put(one *conn) (silent *conn, full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if full = len(l.open) >= l.most; full {
		if silent = l.longestSilent(); silent == nil {
			return nil, true
		}
		delete(l.open, silent)
	}
	l.open[one] = struct{}{}
	return silent, full
}

// longestSilent finds who may be closed. It looks at all, which takes microseconds and happens
// only when all places are taken.
func (l *Listener) longestSilent() (silent *conn) {
	heard := int64(time.Since(l.began) - silence)
	for c := range l.open {
		if at := c.heard.Load(); at <= heard {
			silent, heard = c, at
		}
	}
	return silent
}

// Open is how many connections are open.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

type conn struct {
	net.Conn
	of *Listener
	// heard is when bytes came or went last, since the listener began.
	heard atomic.Int64
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.note(n)
	return n, err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.note(n)
	return n, err
}

// CloseWrite ends what is sent, as net/http does before it closes a connection, so that the last
// answer isn't lost.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *conn) note(n int) {
	if n > 0 {
		c.heard.Store(int64(time.Since(c.of.began)))
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
