// Package backup copies a data directory while its server runs, checks such copies, and puts
// them back.
package backup
