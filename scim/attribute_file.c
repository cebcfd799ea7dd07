#include "scim/attribute_file.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/value.h"
#include "scim/problem.h"
#include "scim/schema_file.h"

const char *scim_file_below(struct scim_file_reader *reader, const char *at, const char *name)
{
	return arena_printf(reader->arena, "%s/%s", at, name);
}

const char *scim_file_item(struct scim_file_reader *reader, const char *at, size_t index)
{
	return arena_printf(reader->arena, "%s/%zu", at, index);
}

void scim_file_members(struct scim_file_reader *reader, const struct value *in, const char *at,
	const char *what, const char *const *known, const char *hint)
{
	for (size_t i = 0; i < value_count(in); i++) {
		const char *key = value_text(value_member_at(in, i)->key);
		size_t k = 0;

		while (known[k] != NULL && strcasecmp(known[k], key) != 0) {
			k++;
		}
		if (known[k] == NULL) {
			scim_problem_add(reader->problems, reader->file, at, hint,
				"%s has no member '%.60s'", what, key);
		}
	}
}

/* ---- values of members ---- */

const char *scim_file_text(struct scim_file_reader *reader, const struct value *in, const char *at)
{
	if (!value_is(in, VALUE_STRING) || value_size(in) > SCIM_FILE_TEXT_BYTES_MAX) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"this must be a text of at most %d bytes, not %s", SCIM_FILE_TEXT_BYTES_MAX,
			value_preview(reader->arena, in, 40));
		return NULL;
	}
	return arena_strdup(reader->arena, value_text(in));
}

static void read_flag(
	struct scim_file_reader *reader, const struct value *in, const char *at, bool *flag)
{
	if (!value_is(in, VALUE_BOOL)) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"this must be true or false, not %s", value_preview(reader->arena, in, 40));
		return;
	}
	*flag = value_bool(in);
}

static const char *const *read_words(
	struct scim_file_reader *reader, const struct value *in, const char *at)
{
	size_t count = value_count(in);
	const char **words;

	if (!value_is(in, VALUE_ARRAY) || count > SCIM_FILE_WORDS_MAX) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"this must be a list of at most %d texts", SCIM_FILE_WORDS_MAX);
		return NULL;
	}
	words = arena_calloc(reader->arena, count + 1, sizeof(*words));
	for (size_t i = 0; i < count; i++) {
		words[i] = scim_file_text(reader, value_at(in, i), scim_file_item(reader, at, i));
		if (words[i] == NULL) {
			return NULL;
		}
	}
	return count > 0 ? words : NULL;
}

/* One of the words that name_of() gives for 0 … count - 1, without case. -1: it is none. */
static int read_word(struct scim_file_reader *reader, const struct value *in, const char *at,
	const char *(*name_of)(int), int count)
{
	const char *words = "";

	for (int i = 0; i < count; i++) {
		if (value_is(in, VALUE_STRING) && strcasecmp(value_text(in), name_of(i)) == 0) {
			return i;
		}
		words = arena_printf(reader->arena, "%s%s%s", words,
			i == 0           ? ""
			: i == count - 1 ? " or "
					 : ", ",
			name_of(i));
	}
	scim_problem_add(reader->problems, reader->file, at,
		arena_printf(reader->arena, "use %s", words), "there is no such word as %s here",
		value_preview(reader->arena, in, 40));
	return -1;
}

/* ---- members of an attribute (RFC 7643, 7) ---- */

static const char *type_word(int i)
{
	return scim_data_type_name((enum scim_data_type)i);
}

static const char *mutability_word(int i)
{
	return scim_mutability_name((enum scim_mutability)i);
}

static const char *returned_word(int i)
{
	return scim_returned_name((enum scim_returned)i);
}

static const char *uniqueness_word(int i)
{
	return scim_uniqueness_name((enum scim_uniqueness)i);
}

typedef void read_member_fn(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute);

static void read_description(struct scim_file_reader *reader, const struct value *in,
	const char *at, struct scim_attribute *attribute)
{
	attribute->description = scim_file_text(reader, in, at);
}

static void read_type(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	int word = read_word(reader, in, at, type_word, SCIM_COMPLEX + 1);

	attribute->type = word >= 0 ? (enum scim_data_type)word : SCIM_STRING;
}

static void read_mutability(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	int word = read_word(reader, in, at, mutability_word, SCIM_WRITE_ONLY + 1);

	attribute->mutability = word >= 0 ? (enum scim_mutability)word : SCIM_READ_WRITE;
}

static void read_returned(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	int word = read_word(reader, in, at, returned_word, SCIM_REQUEST + 1);

	attribute->returned = word >= 0 ? (enum scim_returned)word : SCIM_DEFAULT;
}

static void read_uniqueness(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	int word = read_word(reader, in, at, uniqueness_word, SCIM_GLOBAL + 1);

	attribute->uniqueness = word >= 0 ? (enum scim_uniqueness)word : SCIM_NONE;
}

static void read_multi(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	read_flag(reader, in, at, &attribute->multi);
}

static void read_required(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	read_flag(reader, in, at, &attribute->required);
}

static void read_case_exact(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	read_flag(reader, in, at, &attribute->case_exact);
}

static void read_closed(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	read_flag(reader, in, at, &attribute->closed);
}

static void read_canonical(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	attribute->canonical = read_words(reader, in, at);
}

static void read_references(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	attribute->references = read_words(reader, in, at);
}

static void read_subs(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_attribute *attribute)
{
	if (value_is(in, VALUE_ARRAY) && value_count(in) == 0) {
		return; /* some servers write it at every attribute */
	}
	scim_file_attributes(reader, in, at, true, &attribute->subs, &attribute->sub_count);
}

static const struct {
	const char *name;
	read_member_fn *read; /* NULL: see read_name() */
} members[] = {
	{ "name", NULL },
	{ "type", read_type },
	{ "description", read_description },
	{ "multiValued", read_multi },
	{ "required", read_required },
	{ "canonicalValues", read_canonical },
	{ "canonicalValuesOnly", read_closed },
	{ "caseExact", read_case_exact },
	{ "mutability", read_mutability },
	{ "returned", read_returned },
	{ "uniqueness", read_uniqueness },
	{ "referenceTypes", read_references },
	{ "subAttributes", read_subs },
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

/* ---- attributes ---- */

/* RFC 7643, 2.1: a letter, then letters, digits, `-` and `_`; `$ref` is the one with a dollar. */
static bool is_name(const char *name, size_t size, bool is_sub)
{
	if (is_sub && strcmp(name, "$ref") == 0) {
		return true;
	}
	if (size == 0 || size > SCIM_FILE_NAME_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || (!(c >= '0' && c <= '9') && c != '-' && c != '_'))) {
			return false;
		}
	}
	return true;
}

static bool read_name(struct scim_file_reader *reader, const struct value *in, const char *at,
	bool is_sub, struct scim_attribute *attribute)
{
	/* They live beside every document (RFC 7643, 3.1). */
	static const char *const taken[] = { "id", "externalId", "meta", "schemas" };
	const struct value *name = value_find_folded(in, "name");

	if (name == NULL) {
		return scim_problem_add(
			reader->problems, reader->file, at, NULL, "an attribute needs a name");
	}
	at = scim_file_below(reader, at, "name");
	if (!value_is(name, VALUE_STRING) || !is_name(value_text(name), value_size(name), is_sub)) {
		return scim_problem_add(reader->problems, reader->file, at, NULL,
			"%s is no attribute name: a letter, then letters, digits, - and _, at most "
			"%d (RFC 7643, 2.1)",
			value_preview(reader->arena, name, 80), SCIM_FILE_NAME_BYTES_MAX);
	}
	for (size_t i = 0; !is_sub && i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcasecmp(taken[i], value_text(name)) == 0) {
			return scim_problem_add(reader->problems, reader->file, at,
				"choose another name",
				"every resource has an attribute '%s' already (RFC 7643, 3.1)",
				taken[i]);
		}
	}
	attribute->name = arena_strdup(reader->arena, value_text(name));
	return true;
}

static void read_member(struct scim_file_reader *reader, const struct value_member *member,
	const char *at, struct scim_attribute *attribute)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		if (strcasecmp(members[i].name, value_text(member->key)) == 0) {
			if (members[i].read != NULL && !value_is(member->value, VALUE_NULL)) {
				members[i].read(reader, member->value,
					scim_file_below(reader, at, members[i].name), attribute);
			}
			return;
		}
	}
	scim_problem_add(reader->problems, reader->file, at,
		"the members of an attribute are those of RFC 7643, 7, and canonicalValuesOnly",
		"an attribute has no member '%.60s'", value_text(member->key));
}

/* What holds for an attribute by itself: one row, one rule. */
static void check_attribute(struct scim_file_reader *reader, const struct scim_attribute *it,
	const char *at, bool is_sub, bool has_returned)
{
	bool can_be_unique =
		it->type == SCIM_STRING || it->type == SCIM_INTEGER || it->type == SCIM_REFERENCE;
	bool is_unique = it->uniqueness != SCIM_NONE;
	const struct {
		bool wrong;
		const char *member;
		const char *message;
		const char *hint;
	} rules[] = {
		{ !is_sub && it->type == SCIM_COMPLEX && it->sub_count == 0, "subAttributes",
			"a complex attribute needs subAttributes", NULL },
		{ it->type != SCIM_COMPLEX && it->sub_count > 0, "subAttributes",
			"only an attribute of type complex has subAttributes", NULL },
		{ is_unique && it->type == SCIM_COMPLEX, "uniqueness",
			"a complex attribute cannot be unique",
			"declare it at the sub-attribute that is" },
		{ is_unique && it->type != SCIM_COMPLEX && !can_be_unique, "uniqueness",
			"only a string, an integer or a reference can be unique", "use none" },
		{ is_unique && it->mutability == SCIM_WRITE_ONLY, "uniqueness",
			"a writeOnly attribute is not kept, so it cannot be unique", "use none" },
		{ it->references != NULL && it->type != SCIM_REFERENCE, "referenceTypes",
			"only an attribute of type reference has referenceTypes", NULL },
		{ it->closed && it->canonical == NULL, "canonicalValuesOnly",
			"there are no canonicalValues", NULL },
		{ it->canonical != NULL && it->type != SCIM_STRING && it->type != SCIM_REFERENCE &&
				it->type != SCIM_DATETIME,
			"canonicalValues",
			"only a string, a reference or a dateTime has canonicalValues", NULL },
		{ it->mutability == SCIM_WRITE_ONLY && has_returned && it->returned != SCIM_NEVER,
			"returned", "what is writeOnly is never returned (RFC 7643, 7)",
			"use never" },
		{ it->mutability == SCIM_READ_ONLY && it->required, "required",
			"nobody could give a readOnly attribute, so it cannot be required", NULL },
		{ it->type == SCIM_COMPLEX && it->mutability == SCIM_WRITE_ONLY, "mutability",
			"writeOnly belongs at a simple attribute",
			"declare it at the sub-attributes" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].wrong) {
			scim_problem_add(reader->problems, reader->file,
				scim_file_below(reader, at, rules[i].member), rules[i].hint, "%s",
				rules[i].message);
		}
	}
}

static bool read_attribute(struct scim_file_reader *reader, const struct value *in, const char *at,
	bool is_sub, struct scim_attribute *attribute)
{
	bool has_returned = value_find_folded(in, "returned") != NULL;

	*attribute = (struct scim_attribute){ .name = "" };
	if (!value_is(in, VALUE_OBJECT)) {
		return scim_problem_add(
			reader->problems, reader->file, at, NULL, "an attribute is an object");
	}
	bool has_name = read_name(reader, in, at, is_sub, attribute);
	for (size_t i = 0; i < value_count(in); i++) {
		const struct value_member *member = value_member_at(in, i);

		if (!is_sub || strcasecmp(value_text(member->key), "subAttributes") != 0) {
			read_member(reader, member, at, attribute);
		}
	}
	if (is_sub && (attribute->type == SCIM_COMPLEX ||
			      value_count(value_find_folded(in, "subAttributes")) > 0)) {
		scim_problem_add(reader->problems, reader->file, at,
			"make it an attribute of the schema",
			"a sub-attribute cannot have sub-attributes of its own (RFC 7643, 2.3.8)");
	}
	check_attribute(reader, attribute, at, is_sub, has_returned);
	if (attribute->mutability == SCIM_WRITE_ONLY) {
		attribute->returned = SCIM_NEVER;
		attribute->place = SCIM_IS_SECRET;
	}
	return has_name;
}

static bool is_twice(const struct scim_attribute *attributes, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(attributes[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

void scim_file_attributes(struct scim_file_reader *reader, const struct value *in, const char *at,
	bool are_subs, const struct scim_attribute **result, size_t *count)
{
	size_t most = are_subs ? SCIM_FILE_SUBS_MAX : SCIM_FILE_ATTRIBUTES_MAX;
	struct scim_attribute *attributes;

	*count = 0;
	if (!value_is(in, VALUE_ARRAY) || value_count(in) == 0 || value_count(in) > most) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"this must be a list of 1 to %zu attributes, not %zu", most,
			value_count(in));
		return;
	}
	attributes = arena_calloc(reader->arena, value_count(in), sizeof(*attributes));
	*result = attributes;
	for (size_t i = 0; i < value_count(in); i++) {
		struct scim_attribute *it = &attributes[*count];
		const char *here = scim_file_item(reader, at, i);

		if (!read_attribute(reader, value_at(in, i), here, are_subs, it)) {
			continue;
		}
		if (is_twice(attributes, *count, it->name)) {
			scim_problem_add(reader->problems, reader->file,
				scim_file_below(reader, here, "name"), NULL,
				"'%s' is there twice; names have no case (RFC 7643, 2.1)",
				it->name);
			continue;
		}
		++*count;
	}
}
