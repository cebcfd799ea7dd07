#!/bin/sh
# ./run demo policy: two pull requests to a policy. A scenario stops the first; of the second, which every test lets
# pass, a replay of the last 1,000 decisions tells what it would change. Some seconds; leaves nothing behind.
#
# Everything is real: git, the program that ./run build made (or $SCIMWARD), the starter policy, a gateway on loopback
# that decides 1,000 requests of an identity provider, its journal.
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
program=${SCIMWARD:-$root/build/scimward}
case $program in
/*) ;;
*) program=$(pwd)/$program ;;
esac
PATH=$root/.setup/bin:$PATH
export PATH

# ---- a place that goes away again ----

work=$(mktemp -d)
gateway=

finish() {
	code=$?
	trap - EXIT
	if [ -n "$gateway" ]; then
		kill "$gateway" 2>/dev/null || true
		wait "$gateway" 2>/dev/null || true
	fi
	rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
	printf '%s\n' "$*"
}

die() {
	say "demo: $*" >&2
	exit 1
}

for tool in "$program" opa git curl jq; do
	command -v "$tool" >/dev/null || die "$tool is not there; ./run setup and ./run build make it so"
done

# ---- helpers of the story ----

# Shows a command, runs it, and wants this exit code of it: a demo that shows something else has failed.
shown() { # CODE COMMAND...
	wanted=$1
	shift
	say "  \$ $(printf '%s ' "$@")" | sed "s|$program|scimward|; s|$work/||g"
	code=0
	"$@" >"$work/output" 2>&1 || code=$?
	sed 's/^/    /' "$work/output"
	[ "$code" -eq "$wanted" ] || die "exit code $code, not $wanted"
	say "    exit code $code"
}

git_in() { # FOLDER ARGUMENT...
	folder=$1
	shift
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.com \
		GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@example.com git -C "$folder" "$@"
}

# One more line behind the one that matches.
add_behind() { # FILE LINE TEXT
	awk -v line="$2" -v text="$3" '{ print } $0 == line { print text; found = 1 } END { exit !found }' "$1" >"$1.new" ||
		die "$1 has no line '$2'"
	mv "$1.new" "$1"
}

commit() { # FOLDER MESSAGE
	git_in "$1" add -A
	git_in "$1" commit -q -m "$2"
}

# A branch of the policy in a folder of its own.
pull_request() { # NAME
	git_in policy worktree add -q -b "$1" "$work/$1" main
}

changes_of() { # NAME
	say "  $1:"
	git_in "$1" diff --unified=0 main "$1" | sed -n '/^[-+][^-+]/s/^/    /p'
}

# ---- the repository ----

cd "$work"
say "A repository with the starter policy, a group of power, and a scenario that says who stays out of it."
"$program" init -q init >/dev/null
mkdir policy
mv init/policy policy/policy
git_in policy init -q -b main .
add_behind policy/policy/access/data.yaml 'privileged_groups:' '  payments-admins: {granted_by: ["kind:admin"]}'
cat >policy/policy/scenarios/interns.yaml <<'SCENARIO'
sources:
  entra: {dialect: entra, kind: idp}

given:
  users:
    ivy: {userName: ivy@example.com, userType: intern}
  groups:
    payments-admins: {}

scenarios:
  - name: an intern does not get into payments-admins
    when:
      source: entra
      request: PATCH /Groups/${payments-admins}
      body:
        schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        Operations: [{op: Add, path: members, value: [{value: "${ivy}"}]}]
    then: {effect: deny, reasons: [group.privileged], members: []}
SCENARIO
commit policy "the starter policy, and payments-admins"
shown 0 "$program" policy test policy/policy

say
say "1. A pull request: 'payments people wait too long, let the identity provider grant it'"
say
pull_request faster-payments
sed -i '/payments-admins:/s/\["kind:admin"\]/["kind:admin", "kind:idp"]/' faster-payments/policy/access/data.yaml
commit faster-payments "payments people wait too long"
changes_of faster-payments
say
say "It would let an intern in. The pipeline says so, and stops:"
shown 2 "$program" policy test faster-payments/policy

# ---- a thousand decisions ----

say
say "2. A gateway decides 1,000 requests of an identity provider, by the policy of main"
say
token=demo-token-of-entra-0123456789abcdef
cat >scimward.yaml <<CONFIG
listen: {address: "127.0.0.1:0", deadlines: {bulk: 5m}}
admin: {socket: admin.sock}
store: "sqlite:scimward.db"
journal: {directory: journal, key: journal.key, origin: demo.example/journal}
policy: {directory: policy/policy}
sources:
  - {name: entra, dialect: entra, kind: idp, token_sha256: "$(printf %s "$token" | sha256sum | cut -d' ' -f1)"}
CONFIG
"$program" serve -c scimward.yaml 2>log &
gateway=$!

port=
tries=0
while [ -z "$port" ]; do
	port=$(sed -n 's/.*"event":"ready".*"port":"\([0-9]*\)".*/\1/p' log)
	kill -0 "$gateway" 2>/dev/null || die "the gateway did not start: $(cat log)"
	[ "$tries" -lt 3000 ] || die "the gateway does not get ready: $(cat log)"
	tries=$((tries + 1))
	[ -n "$port" ] || sleep 0.1
done

# 900 people and 10 whom the policy does not want; two groups; 88 memberships. Three people get both groups.
awk '
function add(method, path, id, data) {
	printf "%s{\"method\":\"%s\",\"path\":\"%s\",%s\"data\":%s}", comma, method, path, id, data
	comma = ","
}
function create(type, path, id, attribute, name) {
	add("POST", path, "\"bulkId\":\"" id "\",",
		"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:" type "\"],\"" attribute "\":\"" name "\"}")
}
function enter(group, person) {
	add("PATCH", "/Groups/bulkId:" group, "",
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":" \
		"[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"bulkId:p" person "\"}]}]}")
}
BEGIN {
	printf "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\"Operations\":["
	create("Group", "/Groups", "releasers", "displayName", "release-managers")
	create("Group", "/Groups", "auditors", "displayName", "auditors")
	for (i = 1; i <= 900; i++) create("User", "/Users", "p" i, "userName", "person" i "@example.com")
	for (i = 1; i <= 10; i++) create("User", "/Users", "g" i, "userName", "guest" i "@elsewhere.example")
	for (i = 1; i <= 48; i++) enter("releasers", i)
	for (i = 46; i <= 85; i++) enter("auditors", i)
	print "]}"
}' >requests.json
printf 'Authorization: Bearer %s\n' "$token" |
	curl -sS --fail-with-body --max-time 600 -H @- -H 'Content-Type: application/scim+json' \
		-d @requests.json -o answers.json "http://127.0.0.1:$port/scim/v2/Bulk" || die "$(cat answers.json)"
say "  $(jq '.Operations | length' answers.json) requests: $(jq '[.Operations[] | select(.status < "300")] | length' \
	answers.json) allowed, $(jq '[.Operations[] | select(.status == "403")] | length' answers.json) denied"

say
say "3. A pull request: 'who releases does not audit': a pair for separation of duties"
say
pull_request who-audits
add_behind who-audits/policy/access/data.yaml 'separation_of_duties:' \
	'  - {id: audit, groups: [release-managers, auditors]}'
commit who-audits "who releases does not audit"
changes_of who-audits
say
say "Every test and every scenario lets it pass:"
shown 0 "$program" policy test who-audits/policy
say
say "What would it have changed? Three of the last 1,000 decisions; the other 997 stay as they were:"
shown 2 "$program" policy replay -c scimward.yaml --last 1000 --against who-audits/policy --max-newly-denied 0
