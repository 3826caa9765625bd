#!/usr/bin/env bash
# Sees that there is a PostgreSQL for the tests that start one: the machine's own, or else Debian's, which is
# installed where whoever calls this is root. Where it can't be had those tests are skipped; with CI=true they fail.
set -euo pipefail

here() { command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }

here && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "postgres: installing PostgreSQL" >&2
	apt-get -qq update >&2 || true
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install postgresql >&2 || true
fi
if ! here; then
	echo "postgres: POSTGRESQL IS NOT TESTED: there is none here, and it can't be installed" >&2
	[ "${CI:-}" != true ]
fi
