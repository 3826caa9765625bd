// Package storetest proves that a database keeps the contracts of the domain's
// stores. Every database that internal/store can use runs it.
package storetest
