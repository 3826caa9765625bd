// Package desk serves the page at which people review suspects: files that web/ is built into, without
// anything secret in them. What the page shows it asks the API for.
package desk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// built is what `make web` makes of web/; it is kept with the sources, so that no build of the server
// needs Node.
//
//go:embed dist
var built embed.FS

// Pages are the addresses that the page's own router knows, as patterns: each is answered with the page.
var Pages = []string{
	"GET /sign-in", "GET /review", "GET /review/{suspect}", "GET /suspects", "GET /freezes", "GET /lexicon",
	"GET /rules", "GET /overview", "GET /system", "GET /people", "GET /account",
	"GET /retention", "GET /audit", "GET /api", "GET /complaints", "GET /my-calls",
}

// Assets is the address of what the page consists of.
const Assets = "GET /assets/{file}"

// policy lets the page load and run what this server sends, and nothing else.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"media-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// file is one that is served, also as gzip where that is smaller.
type file struct {
	plain, zipped []byte
	kind, etag    string
}

// Desk is the page.
type Desk struct {
	page   func() *file
	assets map[string]func() *file
}

// New reads the page that was built in.
func New() (*Desk, error) {
	d := &Desk{page: lazily("dist/index.html"), assets: map[string]func() *file{}}
	entries, err := fs.ReadDir(built, "dist/assets")
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	for _, e := range entries {
		d.assets[e.Name()] = lazily(path.Join("dist/assets", e.Name()))
	}
	return d, nil
}

// lazily reads and packs a file when it is first asked for, which most of a server's lives it isn't.
func lazily(name string) func() *file {
	return sync.OnceValue(func() *file {
		raw, err := built.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("the program was built without %s: %v", name, err))
		}
		sum := sha256.Sum256(raw)
		kind := mime.TypeByExtension(path.Ext(name))
		if path.Ext(name) == ".js" { // which some machines' tables call otherwise
			kind = "text/javascript; charset=utf-8"
		}
		return &file{plain: raw, zipped: zip(raw), kind: kind, etag: hex.EncodeToString(sum[:8])}
	})
}

// zip is nil where it is no smaller.
func zip(raw []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err != nil || w.Close() != nil || b.Len() >= len(raw) {
		return nil
	}
	return b.Bytes()
}

// Page answers with the page, whichever of its addresses is asked for.
func (d *Desk) Page(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	d.page().serve(w, r)
}

// Asset answers with one of the files that the page consists of. Their names have their checksums in them,
// so browsers need never ask for them again.
func (d *Desk) Asset(w http.ResponseWriter, r *http.Request) {
	f, ok := d.assets[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	f().serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Add("Vary", "Accept-Encoding")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	body, etag := f.plain, `"`+f.etag+`"`
	if f.zipped != nil && takesGzip(r) {
		body, etag = f.zipped, `"`+f.etag+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever asked may be gone
}

// takesGzip tells whether the browser said so; one that forbids it by q=0 is rare and gets it plain.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			return !strings.Contains(weight, "q=0") || strings.Contains(weight, "q=0.")
		}
	}
	return false
}
