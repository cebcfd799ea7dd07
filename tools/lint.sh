# ./run lint: what can be checked without building. Sourced. Each lint_<name> is one check.

lints="tools layers sizes words format shell cppcheck"

lint_tools() {
	/usr/bin/python3 -m unittest -q tools.test_tools
}

lint_layers() {
	/usr/bin/python3 tools/check_layers.py
}

lint_sizes() {
	/usr/bin/python3 tools/check_sizes.py
}

lint_words() {
	/usr/bin/python3 tools/check_words.py
}

lint_format() {
	c_files | xargs clang-format-16 --dry-run -Werror
}

lint_shell() {
	for script in run .ci/run tools/*.sh docker/*.sh demo/*.sh; do
		[ ! -e "$script" ] || sh -n "$script" || return 1
	done
}

# Bounded: a finding in a header that needs all configurations is not worth minutes.
lint_cppcheck() {
	folders=
	for folder in base scim policy config io store journal connectors gateway cli; do
		[ -z "$(find "$folder" -name '*.c' 2>/dev/null)" ] || folders="$folders $folder"
	done
	# shellcheck disable=SC2086
	timeout 300 cppcheck -q -j2 --std=c11 --language=c --enable=warning,portability --inline-suppr \
		--suppressions-list=tools/cppcheck.supp --max-configs=1 -D_GNU_SOURCE '-DSCIMWARD_VERSION=""' \
		--error-exitcode=1 -I. $folders
}

lint() {
	failed=0
	for name in $lints; do
		begin=$(now)
		if "lint_$name"; then
			say "lint $name: fine ($(($(now) - begin)) s)"
		else
			say "lint $name: FAILED"
			failed=1
		fi
	done
	return "$failed"
}
