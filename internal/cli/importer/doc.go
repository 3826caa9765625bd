// Package importer brings tables to a server in batches, and keeps the rows that are not taken
// in a file of rejects that can be mended and imported again.
package importer
