// Command refrain is the whole of Refrain in one program: the server, and the
// commands that talk to one or work on files by themselves.
//
// It hands the command line, internal/cli, what only the whole program can make: a server,
// which internal/app puts together, and a speech engine. Tests here run the program as users
// do; those of a command's parts lie with the command.
package main
