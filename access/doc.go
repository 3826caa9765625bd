// Package access says who may do what: roles and the one table of their rights, keys by which
// programs say who they are, people who sign in, and how the server knows who is asking.
package access
