// Package user is refrain user: it keeps the people who sign in.
package user
