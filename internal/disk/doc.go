// Package disk keeps space on the disk of the data directory in reserve, and says of errors
// that they are the disk's fault.
//
// There are two kinds of space. The reserve is not given to audio: uploads are refused before
// they reach it, so that decisions, reports and reservations go on. Whatever else fills the disk
// heeds no reserve: so there is ballast, a file of no contents, which is given up when the disk
// is as good as full, and made again once there is room.
package disk
