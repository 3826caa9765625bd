package access

import (
	"net"
	"slices"
	"strings"
)

// forwarded are the headers by which proxies say that they pass on what somebody else asked.
var forwarded = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	"X-Forwarded-Server", "X-Real-Ip", "X-Client-Ip", "X-Original-Forwarded-For", "X-Cluster-Client-Ip",
	"True-Client-Ip", "Cf-Connecting-Ip", "X-Envoy-External-Address", "X-Envoy-Internal"}

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
