# Words that all commands of ./run share. Sourced, in the root of the checkout.

# Programs that ./run setup put into the checkout come before those of the system.
PATH=$root/.setup/bin:$root/.setup/venv/bin:$PATH
export PATH
# Never let Go fetch a toolchain of its own accord.
export GOTOOLCHAIN=local

now() {
	date +%s
}

say() {
	printf '%s\n' "$*"
}

die() {
	printf 'run: %s\n' "$*" >&2
	exit 1
}

need_file() { # FILE WHAT
	[ -e "$1" ] || die "$2 is not there: $1 is missing"
}

# Every C file of ours, whatever folder it is in.
c_files() {
	git ls-files -co --exclude-standard -- '*.c' '*.h' | while read -r file; do
		[ -e "$file" ] && printf '%s\n' "$file"
	done
}

# Makes the build folder when needed. Options of an existing one are set again, so that they hold.
configure() { # FOLDER COMPILER OPTION...
	folder=$1
	compiler=$2
	shift 2
	if [ -e "$folder/build.ninja" ]; then
		meson configure "$folder" "$@" >/dev/null
	else
		CC=$compiler meson setup "$folder" "$@" >"$folder.log" 2>&1 || {
			cat "$folder.log"
			return 1
		}
		mv "$folder.log" "$folder/setup.log"
	fi
}

# The program as people use it.
build() {
	begin=$(now)
	configure build gcc
	ninja -C build cli/scimward
	ln -sfn cli/scimward build/scimward
	say "build: build/scimward is ready ($(($(now) - begin)) s)"
}
