// Package archive reads recordings where they lie: in files, folders and archives, in an order that
// is the same each time.
package archive
