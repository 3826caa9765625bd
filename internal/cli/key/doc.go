// Package key is refrain key: it keeps the keys by which programs say who they are.
package key
