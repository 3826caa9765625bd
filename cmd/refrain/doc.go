// Command refrain is the whole of Refrain in one program: the server, and the
// commands that talk to one or work on files by themselves.
//
// main.go only starts; run is the program, for tests too. There is one file a
// command. What a command sees of the outside world comes through console.
package main
