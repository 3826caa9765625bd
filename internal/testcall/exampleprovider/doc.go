// Command exampleprovider is a provider of OpenID Connect for tests in a browser: the example of the library
// zitadel/oidc, which lets its test user in.
package main
