// Package secret reads secrets from where an operator keeps them: a file, a variable of the
// environment, or a command that asks a vault.
package secret
