# For the scripts that unpack packages of another suite of Debian than the machine's own:
# they source this. Nothing is installed, no root is needed.

# open_suite DIR SUITE ARCH ELSE: makes DIR apt's own place for the suite, as if for a
# bare machine, and reads its list of packages. The array suite_apt then holds the options
# by which apt-get and apt-cache use it; what is downloaded lies in DIR/cache/archives.
# ELSE is what to do where this machine knows no Debian mirror.
open_suite() {
	local dir=$1 suite=$2 arch=$3 uri="" keyring="" k
	# The machine's own Debian mirror and keyring, pointed at the other suite.
	uri=$(apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)' |
		awk -F'|' '$1 == "Packages" && $2 ~ /\/debian\/?$/ && !n++ {print $2}')
	[ -n "$uri" ] || die "no Debian mirror in this machine's apt sources: add one, or $4"
	for k in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do if [ -e "$k" ]; then keyring=$k; fi; done
	[ -n "$keyring" ] || die "no Debian archive keyring: install debian-archive-keyring"

	rm -rf "$dir"
	mkdir -p "$dir/none" "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status" # nothing is installed there, so that apt brings the whole closure
	echo "deb [signed-by=$keyring arch=$arch] $uri $suite main" >"$dir/sources.list"
	suite_apt=(-o "Dir::State::Lists=$dir/lists" -o "Dir::State::status=$dir/status"
		-o "Dir::State::extended_states=$dir/extended_states" -o "Dir::Cache=$dir/cache"
		-o "Dir::Etc::SourceList=$dir/sources.list" -o "Dir::Etc::SourceParts=$dir/none"
		-o "Dir::Etc::Preferences=$dir/none/preferences" -o "Dir::Etc::PreferencesParts=$dir/none"
		-o "APT::Default-Release=$suite"
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Install-Recommends=false
		-o APT::Keep-Downloaded-Packages=true -o APT::Sandbox::User=root
		-o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=true)
	log "reading the package list of $suite"
	apt-get -qq "${suite_apt[@]}" update >&2
}

# debian_libs ARCH: prints the architecture's name for libraries and that of its loader;
# fails where there is no recipe.
debian_libs() {
	case $1 in
	amd64) echo x86_64-linux-gnu ld-linux-x86-64.so.2 ;;
	arm64) echo aarch64-linux-gnu ld-linux-aarch64.so.1 ;;
	*) return 1 ;;
	esac
}
