#include "bench/ask.h"

#include <stdio.h>
#include <string.h>
#include "base/file.h"

static const char *id_at(const struct ask *ask, uint64_t number)
{
	return ask->ids.data + (number % ask->id_count) * (ASK_ID_BYTES + 1);
}

/* xorshift64*: the same ids in each run. */
static uint64_t random_next(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

static size_t make_get(struct ask *ask, uint64_t number, char *body, char *target)
{
	(void)number;
	(void)body;
	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Users/%.36s", id_at(ask, random_next()));
	return 0;
}

static size_t make_post(struct ask *ask, uint64_t number, char *body, char *target)
{
	unsigned long long n = ask->first + number;

	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Users");
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
		"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],"
		"\"userName\":\"user%08llu@example.com\",\"externalId\":\"00u%016llx\","
		"\"name\":{\"formatted\":\"Jordan Q. "
		"Example-%llu\",\"familyName\":\"Example-%llu\","
		"\"givenName\":\"Jordan\",\"middleName\":\"Quincy\"},"
		"\"displayName\":\"Jordan "
		"Example-%llu\",\"nickName\":\"Jo\",\"title\":\"Engineer\","
		"\"preferredLanguage\":\"en-GB\",\"locale\":\"en-GB\",\"timezone\":\"Europe/"
		"London\","
		"\"active\":true,"
		"\"emails\":[{\"value\":\"user%08llu@example.com\",\"type\":\"work\",\"primary\":"
		"true}],"
		"\"phoneNumbers\":[{\"value\":\"+44 20 7946 %04llu\",\"type\":\"work\"}],"
		"\"addresses\":[{\"type\":\"work\",\"streetAddress\":\"100 Universal Road\","
		"\"locality\":\"London\",\"postalCode\":\"SW1A 1AA\",\"country\":\"GB\"}],"
		"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{"
		"\"employeeNumber\":\"%llu\",\"costCenter\":\"4130\",\"organization\":\"Example "
		"plc\","
		"\"division\":\"Platform\",\"department\":\"Identity\"}}",
		n, n, n, n, n, n, n % 10000, n);
}

static size_t make_patch(struct ask *ask, uint64_t number, char *body, char *target)
{
	unsigned long long value = ask->nonce + number;

	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Users/%.36s", id_at(ask, ask->first + number));
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{"
		"\"op\":\"replace\",\"path\":\"title\",\"value\":\"Engineer %llu\"}]}",
		value);
}

static size_t make_filter(struct ask *ask, uint64_t number, char *body, char *target)
{
	(void)number;
	(void)body;
	snprintf(target, ASK_TARGET_BYTES,
		"/scim/v2/Users?filter=userName%%20eq%%20%%22user%08llu@example.com%%22",
		(unsigned long long)(random_next() % ask->users));
	return 0;
}

static size_t make_member(struct ask *ask, uint64_t number, char *body, char *target)
{
	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Groups/%s", ask->group);
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{"
		"\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%.36s\"}]}]}",
		id_at(ask, ask->first + number));
}

static const struct ask_mode modes[] = {
	{ "filter", "GET", make_filter, false },
	{ "get", "GET", make_get, true },
	{ "member", "PATCH", make_member, true },
	{ "patch", "PATCH", make_patch, true },
	{ "post", "POST", make_post, false },
};

const struct ask_mode *ask_find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, name) == 0) {
			return &modes[i];
		}
	}
	return NULL;
}

bool ask_is_complete(const struct ask *ask, const struct ask_mode *mode)
{
	return (!mode->needs_ids || ask->id_count > 0) &&
	       (mode->make != make_member || ask->group != NULL) &&
	       (mode->make != make_filter || ask->users > 0);
}

bool ask_read_ids(struct ask *ask, const char *path, struct error *err)
{
	if (!file_read(path, (size_t)1 << 30, &ask->ids, err)) {
		return false;
	}
	ask->id_count = ask->ids.size / (ASK_ID_BYTES + 1);
	return true;
}

void ask_fini(struct ask *ask)
{
	buf_fini(&ask->ids);
}
