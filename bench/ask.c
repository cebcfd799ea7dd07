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

/* splitmix64: one to one, and no order is left. */
static unsigned long long mixed(uint64_t number)
{
	uint64_t z = (number + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

enum { NAME_BYTES = 48 };

/* userName and e-mail address, and the externalId, of user `number`. */
static void make_name(const struct ask *ask, uint64_t number, char text[NAME_BYTES])
{
	if (ask->scatter) {
		snprintf(text, NAME_BYTES, "%016llx@example.com", mixed(number));
	} else {
		snprintf(text, NAME_BYTES, "user%08llu@example.com", (unsigned long long)number);
	}
}

static void make_external(const struct ask *ask, uint64_t number, char text[NAME_BYTES])
{
	snprintf(text, NAME_BYTES, "00u%016llx",
		ask->scatter ? mixed(~number) : (unsigned long long)number);
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
	char name[NAME_BYTES];
	char external[NAME_BYTES];

	make_name(ask, n, name);
	make_external(ask, n, external);
	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Users");
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
		"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],"
		"\"userName\":\"%s\",\"externalId\":\"%s\","
		"\"name\":{\"formatted\":\"Jordan Q. "
		"Example-%llu\",\"familyName\":\"Example-%llu\","
		"\"givenName\":\"Jordan\",\"middleName\":\"Quincy\"},"
		"\"displayName\":\"Jordan "
		"Example-%llu\",\"nickName\":\"Jo\",\"title\":\"Engineer\","
		"\"preferredLanguage\":\"en-GB\",\"locale\":\"en-GB\",\"timezone\":\"Europe/"
		"London\","
		"\"active\":true,"
		"\"emails\":[{\"value\":\"%s\",\"type\":\"work\",\"primary\":"
		"true}],"
		"\"phoneNumbers\":[{\"value\":\"+44 20 7946 %04llu\",\"type\":\"work\"}],"
		"\"addresses\":[{\"type\":\"work\",\"streetAddress\":\"100 Universal Road\","
		"\"locality\":\"London\",\"postalCode\":\"SW1A 1AA\",\"country\":\"GB\"}],"
		"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{"
		"\"employeeNumber\":\"%llu\",\"costCenter\":\"4130\",\"organization\":\"Example "
		"plc\","
		"\"division\":\"Platform\",\"department\":\"Identity\"}}",
		name, external, n, n, n, name, n % 10000, n);
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

static size_t make_delete(struct ask *ask, uint64_t number, char *body, char *target)
{
	(void)body;
	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Users/%.36s", id_at(ask, ask->first + number));
	return 0;
}

/* ---- look-ups ---- */

static void make_search(char *target, const char *attribute, const char *value)
{
	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Users?filter=%s%%20eq%%20%%22%s%%22",
		attribute, value);
}

static size_t make_by_name(struct ask *ask, uint64_t number, char *body, char *target)
{
	char name[NAME_BYTES];

	(void)number;
	(void)body;
	make_name(ask, random_next() % ask->users, name);
	make_search(target, "userName", name);
	return 0;
}

static size_t make_by_external(struct ask *ask, uint64_t number, char *body, char *target)
{
	char external[NAME_BYTES];

	(void)number;
	(void)body;
	make_external(ask, random_next() % ask->users, external);
	make_search(target, "externalId", external);
	return 0;
}

static size_t make_by_email(struct ask *ask, uint64_t number, char *body, char *target)
{
	char name[NAME_BYTES];

	(void)number;
	(void)body;
	make_name(ask, random_next() % ask->users, name);
	make_search(target, "emails.value", name);
	return 0;
}

/* Is that person in the group? */
static size_t make_probe(struct ask *ask, uint64_t number, char *body, char *target)
{
	(void)number;
	(void)body;
	snprintf(target, ASK_TARGET_BYTES,
		"/scim/v2/Groups?attributes=id&filter=id%%20eq%%20%%22%s%%22%%20and%%20members%%20"
		"eq%%20%%22%.36s%%22",
		ask->group, id_at(ask, random_next()));
	return 0;
}

/* ---- members ---- */

/* Answers without members, so that a small group and a large one answer alike. */
static void make_group(const struct ask *ask, char *target)
{
	snprintf(target, ASK_TARGET_BYTES, "/scim/v2/Groups/%s?excludedAttributes=members",
		ask->group);
}

static size_t make_member(struct ask *ask, uint64_t number, char *body, char *target)
{
	make_group(ask, target);
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{"
		"\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%.36s\"}]}]}",
		id_at(ask, ask->first + number));
}

static size_t make_unmember(struct ask *ask, uint64_t number, char *body, char *target)
{
	make_group(ask, target);
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{"
		"\"op\":\"remove\",\"path\":\"members[value eq \\\"%.36s\\\"]\"}]}",
		id_at(ask, ask->first + number));
}

/* ---- may that person do that? ---- */

/* The members of a question of AuthZEN. */
static size_t make_question(const struct ask *ask, uint64_t user, char *text, size_t size)
{
	char name[NAME_BYTES];

	make_name(ask, user, name);
	return (size_t)snprintf(text, size,
		"\"subject\":{\"type\":\"user\",\"id\":\"%s\"},\"action\":{\"name\":\"deploy\"},"
		"\"resource\":{\"type\":\"environment\",\"id\":\"prod\"}",
		name);
}

static size_t make_access(struct ask *ask, uint64_t number, char *body, char *target)
{
	size_t size;

	(void)number;
	snprintf(target, ASK_TARGET_BYTES, "/access/v1/evaluation");
	body[0] = '{';
	size = 1 + make_question(ask, random_next() % ask->users, body + 1, ASK_BODY_BYTES - 2);
	body[size] = '}';
	return size + 1;
}

/* The same question to OPA, with what the gateway takes from its directory. */
static size_t make_access_opa(struct ask *ask, uint64_t number, char *body, char *target)
{
	const uint64_t user = random_next() % ask->users;
	char question[512];
	char person[ASK_BODY_BYTES / 2];
	const struct ask who = { .first = user, .scatter = ask->scatter };

	(void)number;
	make_question(ask, user, question, sizeof(question));
	snprintf(person, sizeof(person), "%.*s",
		(int)make_post((struct ask *)&who, 0, body, target), body);
	snprintf(target, ASK_TARGET_BYTES, "/v1/data/scimward/authzen/decision");
	return (size_t)snprintf(body, ASK_BODY_BYTES,
		"{\"input\":{%s,\"directory\":{\"subject\":{\"id\":\"%016llx\",\"groups\":[{\"id\":"
		"\"0192f0c1\",\"display\":\"deployers-prod\"}],\"user\":%s}},\"tenant\":"
		"\"default\","
		"\"time\":\"2026-11-24T04:00:00.000000Z\",\"version\":1}}",
		question, mixed(user), person);
}

#define SCIM "application/scim+json"
#define JSON "application/json"

static const struct ask_mode modes[] = {
	{ "access", "POST", JSON, make_access, ASK_USERS },
	{ "access-opa", "POST", JSON, make_access_opa, ASK_USERS },
	{ "by-email", "GET", SCIM, make_by_email, ASK_USERS },
	{ "by-external", "GET", SCIM, make_by_external, ASK_USERS },
	{ "by-name", "GET", SCIM, make_by_name, ASK_USERS },
	{ "delete", "DELETE", SCIM, make_delete, ASK_IDS },
	{ "get", "GET", SCIM, make_get, ASK_IDS },
	{ "member", "PATCH", SCIM, make_member, ASK_IDS | ASK_GROUP },
	{ "patch", "PATCH", SCIM, make_patch, ASK_IDS },
	{ "post", "POST", SCIM, make_post, 0 },
	{ "probe", "GET", SCIM, make_probe, ASK_IDS | ASK_GROUP },
	{ "unmember", "PATCH", SCIM, make_unmember, ASK_IDS | ASK_GROUP },
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
	return ((mode->needs & ASK_IDS) == 0 || ask->id_count > 0) &&
	       ((mode->needs & ASK_GROUP) == 0 || ask->group != NULL) &&
	       ((mode->needs & ASK_USERS) == 0 || ask->users > 0);
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
