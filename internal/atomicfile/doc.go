// Package atomicfile gives files their contents whole or not at all, so that they also
// survive a crash of the machine.
package atomicfile
