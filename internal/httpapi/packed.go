package httpapi

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// leastPacked is how large an answer must be to be packed, in bytes: a smaller one fits in a packet or two.
const leastPacked = 2 << 10

// packed gives what is read as JSON as gzip to whoever takes that, which makes lists a tenth. What goes on and on stays
// as it is, since each message must arrive when it is there. Audio has addresses of its own, which don't come by here.
func packed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(leastPacked), gzhttp.ContentTypes([]string{"application/json"}),
		gzhttp.EnableZstd(false), gzhttp.EnableGzip(true))
	if err != nil {
		return nil, err
	}
	packing := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || streams(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		packing(w, r)
	}), nil
}

// streams tells of an address whether its answer has many messages.
func streams(path string) bool {
	return strings.HasSuffix(path, ":watch") || strings.HasSuffix(path, ":export")
}
