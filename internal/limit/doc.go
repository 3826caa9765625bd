// Package limit shares out what a server has only so much of: memory for what is being read, places
// for uploads, connections, file descriptors. What is beyond it is refused, or takes the place of
// whoever has been silent the longest.
package limit
