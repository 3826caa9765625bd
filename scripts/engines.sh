#!/usr/bin/env bash
# Sees that what tests start is there, by the names of Debian's packages: scripts/engines.sh postgresql haproxy
#
# The machine's own is taken, or else Debian's, which is installed where whoever calls this is root. Where one can't
# be had the tests that start it are skipped; with CI=true this fails.
set -euo pipefail

here() {
	case $1 in
	postgresql) command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
	haproxy) command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] ;;
	*) echo "engines: nothing is known of $1" >&2; exit 2 ;;
	esac
}

for package; do
	here "$package" && continue
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "engines: installing $package" >&2
		apt-get -qq update >&2 || true
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$package" >&2 || true
	fi
	if ! here "$package"; then
		echo "engines: WHAT NEEDS ${package^^} IS NOT TESTED: it is not here, and can't be installed" >&2
		[ "${CI:-}" != true ]
	fi
done
