// Package request says who asks for a change, why, and under which id, so that every domain
// takes orders alike and a repeated order does nothing. It is a leaf that every domain may import.
package request
