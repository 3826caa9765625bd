#!/usr/bin/env bash
# Runs an image's files by themselves: deploy/try.sh IMAGE.tar VERSION
#
# They are unpacked into a folder that becomes the whole file system, with samples/ and nothing else, so
# that whatever the package lacks is missing. Where namespaces can't be had without root, it needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
image=$1 version=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/image" "$work/root"
tar -C "$work/image" -xf "$image"
layers=("$work"/image/*.tar.gz)
[ "${#layers[@]}" = 1 ] || { echo "try: the image has ${#layers[@]} layers instead of one" >&2; exit 1; }
tar -C "$work/root" --no-same-owner -xzf "${layers[0]}"
mkdir -p "$work/root/proc" "$work/root/dev"
cp -r samples "$work/root/samples"

user=()
if [ "$(id -u)" != 0 ]; then user=(--user --map-root-user); fi
# As a container has it: its own processes, and the devices. The mounts end with the namespace.
within() {
	unshare "${user[@]}" --mount --pid --fork --kill-child bash -ec '
		mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc"
		exec env -i PATH=/opt/refrain REFRAIN_DATA=/var/lib/refrain "$(command -v chroot)" "$@"' try "$work/root" "$@"
}

says=$(within /opt/refrain/refrain version)
grep -qF "$version" <<<"$says" || { echo "try: it says of itself: $says" >&2; exit 1; }
# With the libraries, the model that is inside and a process for speech of its own.
heard=$(within /opt/refrain/refrain transcribe /samples/01-not-interested.wav)
grep -q '没兴趣' <<<"$heard" || { echo "try: it hears the first sample as: $heard" >&2; exit 1; }
echo "try: $image hears calls with its own files alone" >&2
