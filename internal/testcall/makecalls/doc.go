// Command makecalls writes calls that are made up of spoken lines into a folder, to measure with.
package main
