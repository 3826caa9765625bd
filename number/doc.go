// Package number knows telephone numbers: reading them in the usual writings,
// normalising them to E.164, and showing them with their middle hidden.
package number
