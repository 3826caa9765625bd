// Package transcript shows what was said in a call and which refusals were found in it, for
// people and as JSON.
package transcript
