// Package upload sends recordings to a server, with particulars that a manifest lists.
package upload
