// Package cli is Refrain's command line: it puts the commands together, each a package of
// its own named after it, and runs the one that was asked for.
//
// What several commands need stands beside them: package console is what a command sees of
// the outside world, usage reads what users type, output and transcript write what they
// read, client talks to a server, importer and upload bring it tables and recordings, and
// files opens and makes files. What only the whole program can make, a server and a speech
// engine, is handed in as Parts.
package cli
