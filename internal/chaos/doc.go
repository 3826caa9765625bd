// Package chaos breaks a server in every way that machines and people do, while clients work with
// it, and holds it against a model of what it acknowledged: nothing may be lost, doubled or called.
// It is tests only; `make chaos` runs it for long.
package chaos
