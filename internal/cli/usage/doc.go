// Package usage reads what users type: arguments, flags and their values. What is typed
// wrongly is an Error, which ends the program with an exit code of its own.
package usage
