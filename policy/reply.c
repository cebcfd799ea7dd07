#include "policy/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include "policy/engine.h"

/* 1 MiB of JSON is parsed in some milliseconds: the loop that asked waits for it. */
static const struct value_limits limits = {
	.bytes = POLICY_REPLY_BYTES,
	.depth = 64,
	.values = 100000,
	.members = 10000,
};

__attribute__((format(printf, 3, 4))) static bool fail(
	struct policy_failure *failure, enum policy_failure_kind kind, const char *format, ...)
{
	va_list args;

	failure->kind = kind;
	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	utf8_repair(failure->text); /* it is recorded */
	return false;
}

/* ---- the revision ---- */

static void add_bundle(struct buf *text, const struct value_member *bundle)
{
	const char *revision = value_find_text(bundle->value, "revision");

	if (revision != NULL && revision[0] != '\0') {
		buf_printf(text, "%s%s=%s", text->size > 0 ? "," : "", value_text(bundle->key),
			revision);
	}
}

static void read_revision(const struct value *provenance, char revision[POLICY_REVISION_BYTES])
{
	const struct value *bundles = value_find(provenance, "bundles");
	CLEANUP(buf_fini) struct buf text = { 0 };
	CLEANUP(buf_fini) struct buf hex = { 0 };
	uint8_t digest[DIGEST_BYTES];

	for (size_t i = 0; value_is(bundles, VALUE_OBJECT) && i < value_count(bundles); i++) {
		add_bundle(&text, value_member_at(bundles, i));
	}
	if (text.size + sizeof("opa:") <= POLICY_REVISION_BYTES) {
		snprintf(revision, POLICY_REVISION_BYTES, "opa:%s",
			text.size > 0 ? text.data : "unversioned");
		return;
	}
	digest_sha256(text.data, text.size, digest);
	encode_hex(&hex, digest, DIGEST_BYTES / 2);
	snprintf(revision, POLICY_REVISION_BYTES, "opa:sha256:%s", hex.data);
}

/* ---- failures ---- */

static const struct {
	const char *code; /* OPA's */
	enum policy_failure_kind kind;
} kinds[] = {
	{ "eval_conflict_error", POLICY_FAILURE_CONFLICT },
	{ "eval_builtin_error", POLICY_FAILURE_BUILTIN },
	{ "eval_cancel_error", POLICY_FAILURE_BUDGET },
};

/* The policy failed, not the server. Its own evaluator says file and line first, so do we here. */
static bool evaluation_failed(
	struct arena *arena, const struct value *error, struct policy_failure *failure)
{
	const char *code = value_find_text(error, "code");
	const char *message = value_find_text(error, "message");
	const struct value *place = value_find(error, "location");
	const char *file = value_find_text(place, "file");

	for (size_t i = 0; code != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(code, kinds[i].code) == 0) {
			const char *where =
				file == NULL ? ""
					     : arena_printf(arena, "%.200s:%lld: ", file,
						       (long long)value_find_int(place, "row", 0));
			fail(failure, kinds[i].kind, "%s%s", where,
				message != NULL ? message : code);
			return true;
		}
	}
	return false;
}

static bool refused(struct arena *arena, int status, const char *body, size_t size,
	struct policy_failure *failure)
{
	const struct value *document = value_parse(arena, body, size, &limits, NULL);
	const struct value *errors = value_find(document, "errors");
	const char *message = value_find_text(document, "message");

	if (status == 500 && value_is(errors, VALUE_ARRAY) && value_count(errors) > 0 &&
		evaluation_failed(arena, value_at(errors, 0), failure)) {
		return false;
	}
	return fail(failure, POLICY_FAILURE_UNAVAILABLE, "the OPA server answered %d%s%.200s",
		status, message != NULL ? ": " : "", message != NULL ? message : "");
}

/* ---- the door ---- */

bool policy_reply_read(struct arena *arena, int status, const char *body, size_t size,
	struct policy_reply *reply, struct policy_failure *failure)
{
	const struct value *document;
	struct error err = { 0 };

	*reply = (struct policy_reply){ 0 };
	if (status != 200) {
		return refused(arena, status, body, size, failure);
	}
	document = value_parse(arena, body, size, &limits, &err);
	if (document == NULL) {
		return fail(failure, POLICY_FAILURE_UNAVAILABLE,
			"what the OPA server answered is not readable: %s", err.text);
	}
	if (!value_is(document, VALUE_OBJECT)) {
		return fail(failure, POLICY_FAILURE_UNAVAILABLE,
			"what the OPA server answered is no object, so this is no OPA server");
	}
	reply->result = value_find(document, "result");
	read_revision(value_find(document, "provenance"), reply->revision);
	return true;
}
