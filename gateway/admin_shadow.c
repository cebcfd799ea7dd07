/* What a candidate would have decided: counts, and the newest differences. */
#include "base/error.h"
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "gateway/policy_live.h"
#include "gateway/shadow.h"

static void add_count(json_t *document, const char *name, uint64_t count)
{
	json_object_set_new(document, name, json_integer((json_int_t)count));
}

/* From which effect to which, and how often; what never came is left out. */
static json_t *effects_json(const struct shadow_counts *counts)
{
	json_t *list = json_array();

	for (size_t at = 0; at < (size_t)REPLAY_EFFECTS * REPLAY_EFFECTS; at++) {
		size_t live = at / REPLAY_EFFECTS;
		size_t candidate = at % REPLAY_EFFECTS;
		json_t *it;

		if (counts->effects[live][candidate] == 0) {
			continue;
		}
		it = json_object();
		json_object_set_new(
			it, "from", json_string(replay_effect_name((enum replay_effect)live)));
		json_object_set_new(
			it, "to", json_string(replay_effect_name((enum replay_effect)candidate)));
		add_count(it, "count", counts->effects[live][candidate]);
		json_array_append_new(list, it);
	}
	return list;
}

json_t *admin_shadow_json(const struct gateway *gateway)
{
	struct shadow_status status;
	json_t *it = json_object();
	json_t *differences = json_object();
	uint64_t all = 0;

	shadow_status(gateway->shadow, &status);
	json_object_set_new(it, "candidate", admin_policy_json(gateway->candidate));
	admin_add_time(it, "since", status.since_us);
	add_count(it, "asked", status.since.asked);
	for (int change = REPLAY_SAME + 1; change < REPLAY_CHANGES; change++) {
		add_count(differences, shadow_change_word((enum replay_change)change),
			status.since.changes[change]);
		all += status.since.changes[change];
	}
	add_count(it, "different", all);
	json_object_set_new(it, "differences", differences);
	json_object_set_new(it, "effects", effects_json(&status.since));
	add_count(it, "passedOver", status.since.passed_over);
	add_count(it, "unreadable", status.since.unreadable);
	add_count(it, "journaled", status.since.journaled);
	add_count(it, "notJournaled", status.since.not_journaled);
	json_object_set_new(it, "waiting", json_integer(status.waiting));
	return it;
}

static json_t *answer_json(enum replay_effect effect, const char *codes)
{
	json_t *it = json_object();

	json_object_set_new(it, "effect", json_string(replay_effect_name(effect)));
	json_object_set_new(it, "reasons", json_string(codes));
	return it;
}

static json_t *difference_json(const struct shadow_difference *difference)
{
	json_t *it = json_object();
	json_t *resource = json_object();

	json_object_set_new(it, "decision", json_integer(difference->decision));
	admin_add_time(it, "at", difference->at_us);
	json_object_set_new(it, "what", json_string(shadow_change_word(difference->change)));
	json_object_set_new(it, "live", answer_json(difference->live, difference->live_codes));
	json_object_set_new(
		it, "candidate", answer_json(difference->candidate, difference->candidate_codes));
	json_object_set_new(it, "operation", json_string(difference->operation));
	json_object_set_new(resource, "type", json_string(difference->type));
	json_object_set_new(resource, "id", json_string(difference->id));
	json_object_set_new(it, "resource", resource);
	return it;
}

/* GET /policy/shadow?count=N: the newest N as well. */
void admin_shadow(struct admin_call *call)
{
	const struct gateway *gateway = call->admin->gateway;
	struct shadow_difference list[SHADOW_NEWEST];
	struct error err = { 0 };
	json_t *document;
	json_t *newest;
	int64_t count;

	if (gateway->shadow == NULL) {
		error_set(&err, ERROR_NOT_FOUND,
			"there is no candidate: name one in the configuration, for example  "
			"policy: "
			"{shadow: {directory: /etc/scimward/candidate}}, and start again");
		admin_reply_error(call, &err);
		return;
	}
	if (!admin_number(call, "count", 20, &count, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	document = admin_shadow_json(gateway);
	newest = json_array();
	count = count < SHADOW_NEWEST ? count : SHADOW_NEWEST;
	size_t found = shadow_newest(gateway->shadow, list, (size_t)count);
	for (size_t i = 0; i < found; i++) {
		json_array_append_new(newest, difference_json(&list[i]));
	}
	json_object_set_new(document, "newest", newest);
	json_object_set_new(document, "schemaVersion", json_integer(1));
	admin_reply(call, 200, document);
}
