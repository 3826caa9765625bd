// Package store keeps what the domain packages know in an SQL database: recordings
// and their transcripts, suspects and decisions, freezes and their ledger, calls and the
// rules over them.
//
// There is one file for each aggregate. Their SQL is written so that SQLite and
// PostgreSQL both take it: $N placeholders, times as unix microseconds, ids as text,
// ON CONFLICT, RETURNING, row values. What only one of them knows lies in
// open_sqlite.go and in migrations/sqlite.
//
// Every change is one transaction, begun by InTx. SQLite has one writer, so the pool
// that writes has one connection: within InTx nothing but its transaction may be
// used, and no file, network or speech may be waited for. Calls come in by the thousand:
// one goroutine, the committer, takes those that wait in one transaction.
package store
