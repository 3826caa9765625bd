#!/usr/bin/env bash
# Sees that there is a HAProxy for the test of several servers behind one: the machine's own, or else Debian's, which is
# installed where whoever calls this is root. Where it can't be had that test is skipped; with CI=true it fails.
set -euo pipefail

here() { command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ]; }

here && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "haproxy: installing HAProxy" >&2
	apt-get -qq update >&2 || true
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install haproxy >&2 || true
fi
if ! here; then
	echo "haproxy: SEVERAL SERVERS BEHIND A BALANCER ARE NOT TESTED: there is no HAProxy here, and it can't be installed" >&2
	[ "${CI:-}" != true ]
fi
