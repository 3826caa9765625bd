// Package oidc has people signed in by a provider of OpenID Connect, such as a company's directory: it sends
// browsers there, and reads whom the provider vouches for.
package oidc
