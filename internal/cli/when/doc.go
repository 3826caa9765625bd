// Package when reads moments in the forms that switches, databases and spreadsheets write.
package when
