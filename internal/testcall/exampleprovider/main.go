package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// headerTimeout bounds how long a client may take to send a request's head.
const headerTimeout = 10 * time.Second

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "the address to listen at, by which it is asked")
	id := flag.String("client", "refrain", "the client's id")
	secret := flag.String("secret", "", "the client's secret")
	redirect := flag.String("redirect", "", "the address to which it sends browsers back")
	flag.Parse()
	issuer := "http://" + *listen
	storage.RegisterClients(storage.WebClient(*id, *secret, *redirect))
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: headerTimeout,
		Handler: exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), nil, false)}
	_, _ = fmt.Fprintln(os.Stderr, "exampleprovider:", server.ListenAndServe())
	os.Exit(1)
}
