// Package opencc converts traditional characters with libopencc. Refrain itself uses
// a table made from OpenCC's dictionaries; this package makes that table and checks
// it against the library, and nothing else in the program imports it.
package opencc
