package access

import (
	"net"
	"slices"
	"strings"
)

// forwarded are the headers by which proxies say that they pass on what somebody else asked, in lower case as gRPC has them.
var forwarded = []string{"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
	"x-forwarded-server", "x-real-ip", "x-client-ip", "x-original-forwarded-for", "x-cluster-client-ip",
	"true-client-ip", "cf-connecting-ip", "x-envoy-external-address", "x-envoy-internal"}

// Forwarded tells whether a request passed a proxy, by its headers: has tells whether it has a header.
func Forwarded(has func(header string) bool) bool {
	return slices.ContainsFunc(forwarded, has)
}

// ThisMachine tells whether a host's name or address, with or without a port, is this machine's own by
// itself: a proxy mostly passes on the name by which it was asked.
func ThisMachine(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
