#include "cli/policy_revision.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/policy.h"
#include "config/config.h"
#include "gateway/policy_archive.h"

static bool read_live(const struct config *config, struct arena *arena,
	struct cli_policy_named *named, struct error *err)
{
	const char *path = arena_printf(arena, "%s-policy/last-good", config->store.path);

	if (policy_kept_read(arena, path, &named->kept, err)) {
		return true;
	}
	return err->code == ERROR_NOT_FOUND
		       ? error_set(err, ERROR_NOT_FOUND,
				 "no policy has taken over here yet: %s is not there", path)
		       : false;
}

static bool compile(const struct config *config, struct arena *arena, const char *path,
	struct cli_policy_named *named, struct error *err)
{
	size_t size = strlen(path);
	bool is_bundle = size > 7 && strcmp(path + size - 7, ".tar.gz") == 0;
	struct config_policy *where = arena_calloc(arena, 1, sizeof(*where));

	*where = (struct config_policy){ .directory = is_bundle ? NULL : path,
		.bundle = is_bundle ? path : NULL,
		.opa = config->policy.opa,
		.opa_timeout_ms = config->policy.opa_timeout_ms };
	policy_gate_init(&named->gate, where);
	named->has_gate = true;
	if (!policy_gate_load(&named->gate, err)) {
		return error_wrap(err, "%s", path);
	}
	policy_unref(named->gate.policy);
	named->gate.policy = NULL;
	named->kept = named->gate.found;
	named->prefix = cli_policy_prefix(arena, where);
	return true;
}

static const char *shown_name(struct arena *arena, const char *name, const struct policy_kept *kept)
{
	return strncmp(kept->revision, name, strlen(name)) == 0
		       ? kept->revision
		       : arena_printf(arena, "%s (%s)", name, kept->revision);
}

bool cli_policy_archived(const struct config *config, struct arena *arena, const char *revision,
	struct cli_policy_named *named, struct error *err)
{
	*named = (struct cli_policy_named){ .prefix = "" };
	if (!policy_archive_find(arena, policy_archive_folder(arena, config->store.path), revision,
		    &named->kept, err)) {
		return false;
	}
	named->shown = shown_name(arena, revision, &named->kept);
	return true;
}

bool cli_policy_named(const struct config *config, struct arena *arena, const char *name,
	struct cli_policy_named *named, struct error *err)
{
	bool ok;

	*named = (struct cli_policy_named){ .prefix = "" };
	if (strcmp(name, "live") == 0) {
		ok = read_live(config, arena, named, err);
	} else if (file_exists(name)) {
		ok = compile(config, arena, name, named, err);
	} else {
		ok = cli_policy_archived(config, arena, name, named, err);
		if (!ok && err->code == ERROR_REQUEST && strchr(name, '/') != NULL) {
			return error_set(
				err, ERROR_NOT_FOUND, "there is no folder and no bundle %s", name);
		}
	}
	if (!ok) {
		return false;
	}
	named->shown = shown_name(arena, name, &named->kept);
	return true;
}

void cli_policy_named_fini(struct cli_policy_named *named)
{
	if (named->has_gate) {
		policy_gate_fini(&named->gate);
	}
}
