// Package follow keeps what a server holds in memory as the database is: the gate's table,
// the rules in force, who watches recordings, and the counters.
package follow
