// Package complaint is refrain complaint: it notes complaints that came in from outside.
package complaint
