/*
 * semver.* and uuid.parse.
 */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/encode.h"
#include "policy/builtin_args.h"

/* ---- semver ---- */

struct version {
	int64_t numbers[3];
	struct span pre;
};

static bool is_digits(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9') {
			return false;
		}
	}
	return text.size > 0;
}

/* Cuts at the first such character; false: there is none, and `after` is empty. */
static bool cut(struct span text, char at, struct span *before, struct span *after)
{
	const char *found = memchr(text.at, at, text.size);
	size_t size = found != NULL ? (size_t)(found - text.at) : text.size;

	*before = (struct span){ text.at, size };
	*after = span_from(text, found != NULL ? size + 1 : size);
	return found != NULL;
}

static bool parse_number(struct span text, int64_t *number)
{
	if (!is_digits(text) || text.size > 18 || (text.size > 1 && text.at[0] == '0')) {
		return false;
	}
	*number = 0;
	for (size_t i = 0; i < text.size; i++) {
		*number = *number * 10 + (text.at[i] - '0');
	}
	return true;
}

/* "alpha.1": parts of letters, digits and hyphens; numbers of a pre-release without leading zeros.
 */
static bool are_identifiers(struct span text, bool pre)
{
	for (bool more = true; more;) {
		struct span part;
		more = cut(text, '.', &part, &text);
		if (part.size == 0 ||
			(pre && part.size > 1 && part.at[0] == '0' && is_digits(part))) {
			return false;
		}
		for (size_t i = 0; i < part.size; i++) {
			char c = part.at[i];
			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
				    (c >= 'A' && c <= 'Z') || c == '-')) {
				return false;
			}
		}
	}
	return true;
}

static bool parse_version(struct span text, struct version *version)
{
	struct span metadata, part;

	if (text.size > 0 && text.at[0] == 'v') {
		text = span_from(text, 1);
	}
	if (cut(text, '+', &text, &metadata) && !are_identifiers(metadata, false)) {
		return false;
	}
	if (cut(text, '-', &text, &version->pre) && !are_identifiers(version->pre, true)) {
		return false;
	}
	for (int i = 0; i < 3; i++) {
		if (cut(text, '.', &part, &text) != (i < 2) ||
			!parse_number(part, &version->numbers[i])) {
			return false;
		}
	}
	return true;
}

static int compare_texts(struct span a, struct span b)
{
	int order = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Without leading zeros the longer number is the larger one. */
static int compare_parts(struct span a, struct span b)
{
	bool a_number = is_digits(a);
	bool b_number = is_digits(b);

	if (a_number != b_number) {
		return a_number ? -1 : 1;
	}
	if (a_number && a.size != b.size) {
		return a.size < b.size ? -1 : 1;
	}
	return compare_texts(a, b);
}

static int compare_versions(const struct version *a, const struct version *b)
{
	struct span rest_a = a->pre;
	struct span rest_b = b->pre;

	for (int i = 0; i < 3; i++) {
		if (a->numbers[i] != b->numbers[i]) {
			return a->numbers[i] < b->numbers[i] ? -1 : 1;
		}
	}
	if (rest_a.size == 0 || rest_b.size == 0) { /* a release stands above its pre-releases */
		return (rest_a.size == 0) - (rest_b.size == 0);
	}
	for (;;) {
		struct span part_a, part_b;
		bool more_a = cut(rest_a, '.', &part_a, &rest_a);
		bool more_b = cut(rest_b, '.', &part_b, &rest_b);
		int order = compare_parts(part_a, part_b);
		if (order != 0) {
			return order < 0 ? -1 : 1;
		}
		if (!more_a || !more_b) {
			return more_a - more_b;
		}
	}
}

const struct value *builtin_semver_compare(
	struct policy_context *context, const struct value *const *args)
{
	struct version versions[2] = { 0 };

	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	for (int i = 0; i < 2; i++) {
		struct span text = span_of(args[i]);
		policy_charge_text(context, text.size * 16);
		if (!parse_version(text, &versions[i])) {
			return builtin_error(context,
				"operand %d: string %.*s is not a valid SemVer", i + 1,
				(int)(text.size < 100 ? text.size : 100), text.at);
		}
	}
	return value_of_int(context->arena, compare_versions(&versions[0], &versions[1]));
}

const struct value *builtin_semver_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct version version = { 0 };

	if (!value_is(args[0], VALUE_STRING)) {
		return value_of_bool(false);
	}
	policy_charge_text(context, value_size(args[0]) * 16);
	return value_of_bool(parse_version(span_of(args[0]), &version));
}

/* ---- uuid ---- */

/* With hyphens or without, in braces, or as a URN. */
static bool parse_uuid(struct span text, uint8_t id[UUID_BYTES])
{
	char plain[UUID_TEXT_BYTES];

	if (text.size == 45 && strncasecmp(text.at, "urn:uuid:", 9) == 0) {
		text = span_from(text, 9);
	} else if (text.size == 38) { /* Go does not look which brackets they are */
		text = (struct span){ text.at + 1, 36 };
	}
	if (text.size == 32) {
		static const int groups[] = { 8, 4, 4, 4, 12 };
		snprintf(plain, sizeof(plain), "%.*s-%.*s-%.*s-%.*s-%.*s", groups[0], text.at,
			groups[1], text.at + 8, groups[2], text.at + 12, groups[3], text.at + 16,
			groups[4], text.at + 20);
		text = (struct span){ plain, 36 };
	}
	return uuid_parse(text.at, text.size, id);
}

static const char *variant_of(const uint8_t id[UUID_BYTES])
{
	if ((id[8] & 0xc0) == 0x80) {
		return "RFC4122";
	}
	if ((id[8] & 0xe0) == 0xc0) {
		return "Microsoft";
	}
	return (id[8] & 0xe0) == 0xe0 ? "Future" : "Reserved";
}

static uint64_t big_endian(const uint8_t *bytes, int size)
{
	uint64_t number = 0;

	for (int i = 0; i < size; i++) {
		number = number << 8 | bytes[i];
	}
	return number;
}

/* 100 ns since the start of the Gregorian calendar, in ns since 1970. */
static int64_t time_of(const uint8_t id[UUID_BYTES])
{
	const int64_t epoch = INT64_C(122192928000000000);
	uint64_t ticks = big_endian(id, 4) | big_endian(id + 4, 2) << 32 |
			 (big_endian(id + 6, 2) & 0xfff) << 48;

	return (int64_t)(((uint64_t)ticks - (uint64_t)epoch) * 100);
}

static void add_node(
	struct policy_context *context, struct value_builder *builder, const uint8_t id[UUID_BYTES])
{
	static const char *const kinds[] = { "global:unicast", "global:multicast", "local:unicast",
		"local:multicast" };
	const uint8_t *node = id + 10;

	value_add(builder, "nodeid",
		value_printf(context->arena, "%02x-%02x-%02x-%02x-%02x-%02x", node[0], node[1],
			node[2], node[3], node[4], node[5]));
	value_add_text(builder, "macvariables", kinds[node[0] & 3]);
	value_add_int(builder, "time", time_of(id));
	value_add_int(builder, "clocksequence", (int64_t)(big_endian(id + 8, 2) & 0x3fff));
}

const struct value *builtin_uuid_parse(
	struct policy_context *context, const struct value *const *args)
{
	static const char *const domains[] = { "Person", "Group", "Org" };
	struct value_builder builder = { .arena = context->arena };
	uint8_t id[UUID_BYTES];

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	policy_charge(context, 50);
	if (!parse_uuid(span_of(args[0]), id)) {
		return NULL; /* undefined, and no error, in OPA */
	}
	int version = id[6] >> 4;
	value_add_int(&builder, "version", version);
	value_add_text(&builder, "variant", variant_of(id));
	if (version == 1 || version == 2) {
		add_node(context, &builder, id);
	}
	if (version == 2) {
		value_add_int(&builder, "id", (int64_t)big_endian(id, 4));
		value_add(&builder, "domain",
			id[9] < 3 ? value_of_text(context->arena, domains[id[9]])
				  : value_printf(context->arena, "Domain%d", id[9]));
	}
	return value_finish_object(&builder);
}
