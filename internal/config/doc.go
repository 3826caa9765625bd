// Package config is what an operator can set: refrain.yaml, the environment, and
// the defaults for all that is left out.
package config
