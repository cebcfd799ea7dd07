# ./run test: a table of suites, each a function suite_<name>. Sourced by ./run after setup.sh.
#
# A suite leaves its results as JUnit files in build-test/results/<name>/ (meson and pytest write them; for the
# rest `record` does). tools/results.py counts them, names what failed and why something was skipped. A suite
# that leaves no result although its inputs are there counts as failed: silence is not success.
#
# To add one: a function here, its name in `suites`, in the order in which a person wants to learn of failures.

. tools/lint.sh

suites="lint build unit clang policy journal conformance differential flow flow-opa fault asan-unit asan-policy asan-conformance asan-differential asan-flow tsan valgrind coverage fuzz"

results=build-test/results
long=

suite_summary() { # NAME
	case $1 in
	lint) echo "layers, sizes, words, format, static analysis" ;;
	build) echo "gcc, warnings are errors" ;;
	unit) echo "unit tests" ;;
	clang) echo "clang, warnings are errors, unit tests" ;;
	policy) echo "OPA's own cases, the starter policy" ;;
	journal) echo "logs that scimward wrote, read by third-party verifiers" ;;
	conformance) echo "public suites and wire fixtures against the program" ;;
	differential) echo "random cases, answered by independent implementations as well" ;;
	flow) echo "stories: real clients before it, a real app behind it" ;;
	flow-opa) echo "the stories about decisions again, decided by a real OPA server" ;;
	fault) echo "kills, full disks, lost replies, dead apps" ;;
	asan-*) echo "${1#asan-} under address and undefined-behaviour sanitizers" ;;
	tsan) echo "unit tests of io, store, journal, gateway under the thread sanitizer" ;;
	valgrind) echo "unit tests under valgrind" ;;
	coverage) echo "lines of scim/ that its unit tests reach: at least $coverage_minimum %" ;;
	fuzz) echo "each fuzzer a fixed number of inputs" ;;
	esac
}

# ---- helpers ----

# One result of a suite that has no runner of its own. STATUS: passed, failed, skipped.
record() { # SUITE TEST STATUS [WHY]
	mkdir -p "$results/$1"
	printf '%s\t%s\t%s\n' "$3" "$2" "${4:-}" >>"$results/$1/results.tsv"
}

# Many results of a program of its own: its last line is "N passed, N failed, N skipped". WHY: of the skipped.
record_counts() { # SUITE TEST LOG WHY
	mkdir -p "$results/$1"
	counted=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$3" | tail -n 1)
	if [ -n "$counted" ]; then
		printf 'counts\t%s\t%s\t%s\n' "$2" "$counted" "$4" >>"$results/$1/results.tsv"
	else
		record "$1" "$2" failed "it did not say how many passed, see $3"
	fi
}

# Runs a command as one test; its output is shown only when it fails.
check() { # SUITE TEST COMMAND...
	check_suite=$1
	check_name=$2
	shift 2
	mkdir -p "$results/$check_suite"
	check_log="$results/$check_suite/$(printf '%s' "$check_name" | tr ' /' '__').log"
	if "$@" >"$check_log" 2>&1; then
		record "$check_suite" "$check_name" passed
	else
		record "$check_suite" "$check_name" failed "see $check_log"
		tail -n 60 "$check_log"
	fi
}

# Configures and builds everything in a folder.
build_all() { # FOLDER COMPILER OPTION...
	configure "$@" && ninja -C "$1" -k 0
}

# Unit tests of a build folder. Meson's own results file is the record.
meson_tests() { # SUITE FOLDER LIMIT_SECONDS OPTION...
	meson_suite=$1
	meson_folder=$2
	meson_limit=$3
	shift 3
	mkdir -p "$results/$meson_suite"
	rm -f "$meson_folder"/meson-logs/testlog*.junit.xml
	timeout "$meson_limit" meson test -C "$meson_folder" --no-rebuild --print-errorlogs --quiet "$@" \
		>"$results/$meson_suite/meson.log" 2>&1 || {
		status=$?
		grep -v '^ninja' "$results/$meson_suite/meson.log" | tail -n 80
		[ "$status" -ne 124 ] || record "$meson_suite" "all" failed "not finished after $meson_limit s"
	}
	for file in "$meson_folder"/meson-logs/testlog*.junit.xml; do
		[ -e "$file" ] && cp "$file" "$results/$meson_suite/"
	done
	return 0
}

# A folder of pytest files against a program.
pytest_folder() { # SUITE FOLDER PROGRAM LIMIT_SECONDS OPTION...
	pytest_suite=$1
	pytest_path=$2
	pytest_program=$3
	pytest_limit=$4
	shift 4
	if [ -z "$(find "$pytest_path" -name 'test_*.py' 2>/dev/null)" ]; then
		record "$pytest_suite" "$pytest_path" skipped "there are no test files in $pytest_path yet"
		return 0
	fi
	if [ ! -x "$pytest_program" ]; then
		record "$pytest_suite" "$pytest_path" failed "the program $pytest_program was not built"
		return 0
	fi
	mkdir -p "$results/$pytest_suite"
	# TMPDIR: below it are unix sockets, whose names have 108 bytes.
	TMPDIR=/tmp SCIMWARD=$root/$pytest_program SCIMWARD_LONG=$long \
		timeout "$pytest_limit" .setup/venv/bin/python -m pytest "$pytest_path" -q -p no:cacheprovider \
		-o junit_family=xunit2 --timeout 300 --junitxml "$results/$pytest_suite/pytest.xml" "$@" \
		>"$results/$pytest_suite/pytest.log" 2>&1 || {
		status=$?
		tail -n 80 "$results/$pytest_suite/pytest.log"
		[ -e "$results/$pytest_suite/pytest.xml" ] ||
			record "$pytest_suite" "$pytest_path" failed "pytest ended with $status and left no results"
	}
	return 0
}

# Only what never ends meets it: each test has a limit of its own, and a machine may be slow.
suite_limit=1800

warnings="-Dwerror=true"
# -O1: half the time to build, and stacks that can be read.
sanitizers="-Db_sanitize=address,undefined -Db_lundef=false -Dbench=disabled -Doptimization=1"

# Sanitizers: any finding ends the program, with a code that no test expects.
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=99:strict_string_checks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1:exitcode=99"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:exitcode=99:suppressions=$root/tools/tsan.supp"
export LSAN_OPTIONS="suppressions=$root/tools/lsan.supp:print_suppressions=0"
if command -v llvm-symbolizer-14 >/dev/null 2>&1; then
	ASAN_SYMBOLIZER_PATH=$(command -v llvm-symbolizer-14)
	export ASAN_SYMBOLIZER_PATH
fi

# ---- the suites ----

suite_lint() {
	for name in $lints; do
		check lint "$name" "lint_$name"
	done
}

suite_build() {
	# shellcheck disable=SC2086
	check build gcc build_all build gcc $warnings
	[ ! -x build/cli/scimward ] || ln -sfn cli/scimward build/scimward
}

suite_unit() {
	meson_tests unit build "$suite_limit"
}

suite_clang() {
	# shellcheck disable=SC2086
	check clang clang build_all build-clang clang $warnings -Dbench=disabled
	meson_tests clang build-clang "$suite_limit"
}

# OPA's own cases (planned by set-up) against our evaluator, in a build folder.
opa_cases() { # SUITE FOLDER
	opa_program=$(find "$2/tests" "$2/policy" -name conformance -type f 2>/dev/null | head -n 1)
	if [ -z "$opa_program" ]; then
		record "$1" opa-cases skipped "the build has no program 'conformance' yet"
		return 0
	fi
	mkdir -p "$results/$1"
	timeout "$suite_limit" "$opa_program" .setup/opa-cases.jsonl tests/policy/known.txt >"$results/$1/opa-cases.log" 2>&1 ||
		tail -n 40 "$results/$1/opa-cases.log"
	record_counts "$1" opa-cases "$results/$1/opa-cases.log" "needs a builtin that is not there; such a policy is refused by name"
}

# For people: OPA's cases by group, next to what is promised. CI's output has it, build/ keeps it.
opa_table() { # SUITE
	[ -e "$results/$1/opa-cases.log" ] || return 0
	check "$1" opa-goal /usr/bin/python3 tests/policy/table.py "$results/$1/opa-cases.log"
	cp "$results/$1/opa-goal.log" build/opa-conformance.txt
	cat build/opa-conformance.txt
}

starter_policy() {
	opa check --strict -b -s policy/schema/input.json examples/policy && opa test -b examples/policy
}

suite_policy() {
	opa_cases policy build
	opa_table policy
	check policy starter-policy starter_policy
	[ -z "$(find tests/policy -name 'test_*.py')" ] || pytest_folder policy tests/policy build/scimward "$suite_limit" -n 2
}

suite_journal() {
	pytest_folder journal tests/journal build/scimward "$suite_limit" -n 2
}

suite_conformance() {
	pytest_folder conformance tests/conformance build/scimward "$suite_limit" -n 2
}

# What was compared, and how many differences of which known kind, is printed.
suite_differential() {
	pytest_folder differential tests/differential build/scimward "$suite_limit" -n 2 -rP
	grep "^seed " "$results/differential/pytest.log" || true
}

suite_flow() {
	pytest_folder flow tests/flow build/scimward "$suite_limit" -n 2
}

# What decisions do, whoever makes them. Tests of what only the own evaluator has are marked own_engine.
stories_of_decisions="access authzen writes patch policy_input policy_slices bulk levels resources incidents async me"

suite_flow_opa() {
	set -- tests/conformance/test_idp_fixtures.py
	for name in $stories_of_decisions; do
		set -- "$@" "tests/flow/test_$name.py"
	done
	pytest_folder flow-opa tests/flow/test_policy.py build/scimward 600 -n 2 --engine opa "$@"
}

suite_fault() {
	pytest_folder fault tests/fault build/scimward "${long:+7200}${long:-$suite_limit}" -n 2
}

build_asan() { # SUITE
	# shellcheck disable=SC2086
	check "$1" build-asan build_all build-asan clang $sanitizers
	[ ! -x build-asan/cli/scimward ] || ln -sfn cli/scimward build-asan/scimward
}

suite_asan_unit() {
	build_asan asan-unit
	meson_tests asan-unit build-asan "$suite_limit" --timeout-multiplier 5
}

suite_asan_policy() {
	build_asan asan-policy
	opa_cases asan-policy build-asan
	[ -z "$(find tests/policy -name 'test_*.py')" ] ||
		pytest_folder asan-policy tests/policy build-asan/scimward "$suite_limit" -n 2
}

suite_asan_conformance() {
	build_asan asan-conformance
	pytest_folder asan-conformance tests/conformance build-asan/scimward "$suite_limit" -n 2
}

# Fewer cases: the sanitizers look for what any of them would show.
suite_asan_differential() {
	build_asan asan-differential
	(
		export SCIMWARD_CASES=2000
		pytest_folder asan-differential tests/differential build-asan/scimward "$suite_limit" -n 2
	)
}

suite_asan_flow() {
	build_asan asan-flow
	pytest_folder asan-flow tests/flow build-asan/scimward "$suite_limit" -n 2
}

suite_tsan() {
	check tsan build-tsan build_all build-tsan clang -Db_sanitize=thread -Db_lundef=false -Dbench=disabled \
		-Doptimization=1
	meson_tests tsan build-tsan "$suite_limit" --timeout-multiplier 10 \
		--suite io --suite store --suite journal --suite gateway --suite connectors
}

suite_valgrind() {
	meson_tests valgrind build "$suite_limit" --setup valgrind
}

coverage_minimum=95

build_coverage() {
	configure build-coverage gcc -Db_coverage=true -Dbench=disabled -Doptimization=0 || return 1
	# Only what is measured: the unit tests of scim/, as meson.build has them now.
	ninja -C build-coverage build.ninja || return 1
	ninja -C build-coverage -t targets all | sed -n 's|^\(tests/test_scim_[a-z_]*\):.*|\1|p' |
		xargs ninja -C build-coverage || return 1
	find build-coverage -name '*.gcda' -delete
	meson test -C build-coverage --no-rebuild --quiet --suite scim
}

measure_coverage() {
	/usr/bin/python3 tools/coverage.py build-coverage scim "$coverage_minimum"
}

suite_coverage() {
	check coverage tests build_coverage
	check coverage scim measure_coverage
	! grep -q "^passed.scim" "$results/coverage/results.tsv" || cat "$results/coverage/scim.log"
}

fuzz_runs=20000

suite_fuzz() {
	if [ ! -e fuzz/meson.build ]; then
		record fuzz all skipped "there is no fuzz/meson.build yet"
		return 0
	fi
	check fuzz build-fuzz build_all build-fuzz clang -Dfuzz=enabled -Dtests=disabled -Dbench=disabled \
		-Db_sanitize=address,undefined -Db_lundef=false
	mkdir -p "$results/fuzz"
	for program in build-fuzz/fuzz/fuzz_*; do
		[ -f "$program" ] && [ -x "$program" ] || continue
		check fuzz "$(basename "$program")" run_fuzzer "$program"
	done
}

run_fuzzer() { # PROGRAM
	parser=$(basename "$1" | sed 's/^fuzz_//')
	# What it finds on the way goes into a folder of its own, not into the corpus of the repository.
	work=build-test/fuzz/$parser
	mkdir -p "$work" "fuzz/corpus/$parser"
	timeout "$suite_limit" "$1" "$work" "fuzz/corpus/$parser" \
		-runs="${long:+2000000}${long:-$fuzz_runs}" -seed=1 -timeout=60 -rss_limit_mb=2048 -max_len=65536 \
		-artifact_prefix="$results/fuzz/$parser-" -print_final_stats=1 -verbosity=0
}

# ---- the driver ----

list_suites() {
	for name in $suites; do
		printf '  %-18s %s\n' "$name" "$(suite_summary "$name")"
	done
}

run_suite() { # NAME
	say "==> $1: $(suite_summary "$1")"
	suite_begin=$(now)
	rm -rf "${results:?}/$1"
	"suite_$(printf '%s' "$1" | tr - _)"
	suite_seconds=$(($(now) - suite_begin))
	.setup/venv/bin/python tools/results.py suite "$results/$1" "$suite_seconds"
}

run_tests() { # [--long] [--list] [SUITE...]
	wanted=
	for argument in "$@"; do
		case $argument in
		--long) long=1 ;;
		--list)
			list_suites
			return 0
			;;
		-*) die "test: no option $argument" ;;
		*)
			case " $suites " in
			*" $argument "*) wanted="$wanted $argument" ;;
			*) die "test: no suite '$argument'; ./run test --list names them" ;;
			esac
			;;
		esac
	done
	setup
	mkdir -p build-test
	# Suites that test the program need one; asked for alone, it is built first.
	case " ${wanted:-build} " in
	*" build "*) ;;
	*) wanted="build$wanted" ;;
	esac
	rm -rf "$results"
	tests_begin=$(now)
	for name in ${wanted:-$suites}; do
		run_suite "$name"
	done
	say "all suites: $(($(now) - tests_begin)) s"
	.setup/venv/bin/python tools/results.py total "$results"
}
