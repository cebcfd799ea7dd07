#include "connectors/profile.h"

#include <string.h>

/* Facts: scim.md, 3. Sorted by name. */
static const struct profile profiles[] = {
	{ .name = "atlassian", .hides_inactive = true, .members_per_patch = 100 },
	{ .name = "aws", .hides_members = true, .members_per_patch = 100 },
	{ .name = "google", .no_put = true, .members_per_patch = 100 },
	{ .name = "standard", .members_per_patch = 500 },
};

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (strcmp(profiles[i].name, name) == 0) {
			return &profiles[i];
		}
	}
	return NULL;
}
