// Package cdr reads the call records that FreeSWITCH's mod_json_cdr and mod_xml_cdr post,
// and makes reports of calls of them.
package cdr
