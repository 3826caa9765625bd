// Package client is the way to a server: the flags that name it and whoever acts, the
// connection, its errors as lines for people, repetition, and lists page by page.
package client
