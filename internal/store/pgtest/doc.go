// Package pgtest gives tests databases of a real PostgreSQL server, which the test binary starts in a
// directory of its own and which ends with it.
package pgtest
