package client

import (
	"strings"
)

// ResourceName is the name of a resource of a collection, such as "freezes", whose id is given
// with or without the collection before it.
func ResourceName(collection, id string) string {
	if strings.HasPrefix(id, collection+"/") {
		return id
	}
	return collection + "/" + id
}
