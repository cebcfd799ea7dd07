#!/bin/sh
# Makes probes.json and attacks.json again: the plans, without what the evaluator does not read.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make_plan() { # PACKAGE FILE...; the names of the entry points on standard input; with their ends if KEEP is set
	package=$1
	shift
	entrypoints=$(sed "s|^|-e $package/|")
	# shellcheck disable=SC2086 # one word each
	"${OPA:-opa}" build -t plan $entrypoints -o "$work/bundle.tar.gz" "$@"
	tar xzf "$work/bundle.tar.gz" -C "$work" --transform 's|^/||' 2>/dev/null
	python3 - "$work/plan.json" "$package.json" "${KEEP:-}" <<'PYTHON'
import json, sys

DROPPED = ("decl",) if sys.argv[3] else ("end_row", "end_col", "decl")

def strip(node):
    if isinstance(node, dict):
        return {k: strip(v) for k, v in node.items() if k not in DROPPED}
    if isinstance(node, list):
        return [strip(v) for v in node]
    return node

with open(sys.argv[1]) as plan, open(sys.argv[2], "w") as out:
    json.dump(strip(json.load(plan)), out, separators=(",", ":"))
    out.write("\n")
PYTHON
}

echo answer | make_plan coverage coverage.rego
echo decision | KEEP=1 make_plan explained explained.rego
make_plan probes probes.rego site.rego <entrypoints.txt
sed -n 's/^\([a-z_]*\) :=.*/\1/p' attacks.rego | grep -v '^shared$' | make_plan attacks attacks.rego
