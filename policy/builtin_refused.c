/*
 * Builtins of OPA that a policy cannot have here, and why. A plan that names one is refused when
 * it loads, with this reason and its place.
 *
 * Every builtin of the pinned OPA stands here or in builtin_rows.h, but for those that its
 * compiler replaces; tests/policy/conformance.c fails for one that a case needs and that has no
 * reason.
 */
#include <string.h>
#include "policy/builtin.h"

static const struct {
	const char *name, *reason;
} refused[] = {
	{ "http.send", "a decision asks nobody: the same input must give the same answer again" },
	{ "net.lookup_ip_addr",
		"a decision asks nobody: the same input must give the same answer again" },
	{ "opa.runtime", "what it gives is another on each machine; use the policy's data" },
	{ "rand.intn", "a decision that draws lots cannot be computed again" },
	{ "rego.parse_module",
		"there is no parser of Rego at run time: OPA compiles policies when they load" },
	{ "strings.render_template", "Go's templates are not there; use sprintf or $\"…\"" },
	{ "test.sleep", "it exists in OPA's own tests only" },
	{ "uuid.rfc4122",
		"a decision that draws lots cannot be computed again; use the input's id" },
};

const char *policy_builtin_refused_at(size_t index)
{
	return index < sizeof(refused) / sizeof(refused[0]) ? refused[index].name : NULL;
}

const char *policy_builtin_refusal(const char *name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (strcmp(name, refused[i].name) == 0) {
			return refused[i].reason;
		}
	}
	return NULL;
}
