// Package httpapi is what speaks HTTP: the API as REST, and whether the server is
// alive and ready.
package httpapi
