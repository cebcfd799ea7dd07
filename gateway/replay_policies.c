#include "gateway/replay_policies.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "gateway/policy_archive.h"
#include "gateway/replay_rules.h"
#include "policy/engine.h"

enum { LOADED_MAX = 8 };

struct loaded {
	struct arena *arena; /* NULL: free */
	char *revision;
	struct policy_kept kept;
	struct policy *policy; /* NULL: err says why */
	struct error err;
	struct rule_watch *watch; /* made when it is asked for */
	bool has_no_watch;
	unsigned long used;
};

struct replay_policies {
	char *archive;
	struct loaded loaded[LOADED_MAX];
	unsigned long uses;
};

struct replay_policies *replay_policies_new(const char *archive)
{
	struct replay_policies *policies = must_calloc(1, sizeof(*policies));

	policies->archive = must_strdup(archive);
	return policies;
}

static void unload(struct loaded *it)
{
	rule_watch_free(it->watch);
	policy_unref(it->policy);
	arena_free(it->arena);
	memory_free(it->revision);
	*it = (struct loaded){ 0 };
}

void replay_policies_free(struct replay_policies *policies)
{
	if (policies == NULL) {
		return;
	}
	for (size_t i = 0; i < LOADED_MAX; i++) {
		unload(&policies->loaded[i]);
	}
	memory_free(policies->archive);
	memory_free(policies);
}

static void load(const struct replay_policies *policies, const char *revision, struct loaded *it)
{
	struct policy_files files;

	unload(it);
	it->arena = arena_new();
	it->revision = must_strdup(revision);
	if (!policy_archive_find(it->arena, policies->archive, revision, &it->kept, &it->err)) {
		return;
	}
	files = policy_kept_files(&it->kept);
	it->policy = policy_load(&files, NULL, &it->err);
}

/* What is asked for again and again stands first nearly always. */
static struct loaded *find(struct replay_policies *policies, const char *revision)
{
	struct loaded *oldest = &policies->loaded[0];
	struct loaded *found = NULL;

	for (size_t i = 0; i < LOADED_MAX && found == NULL; i++) {
		struct loaded *it = &policies->loaded[i];

		if (it->revision != NULL && strcmp(it->revision, revision) == 0) {
			found = it;
		} else if (it->used < oldest->used) {
			oldest = it;
		}
	}
	if (found == NULL) {
		found = oldest;
		load(policies, revision, found);
	}
	found->used = ++policies->uses;
	return found;
}

const struct policy *replay_policies_get(
	struct replay_policies *policies, const char *revision, struct error *err)
{
	const struct loaded *it = find(policies, revision);

	if (it->policy == NULL) {
		error_set(err, it->err.code, "%s", it->err.text);
	}
	return it->policy;
}

struct rule_watch *replay_policies_watch(struct replay_policies *policies, const char *revision)
{
	struct loaded *it = find(policies, revision);

	if (it->watch == NULL && it->policy != NULL && !it->has_no_watch) {
		it->watch = rule_watch_new(&it->kept, NULL);
		it->has_no_watch = it->watch == NULL;
	}
	return it->watch;
}
