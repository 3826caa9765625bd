// Package sheet reads tables as spreadsheets, databases and switches write them: CSV in any of
// the usual encodings and with any of the usual separators, JSON lines, and workbooks.
package sheet
