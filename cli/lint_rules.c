/* The rules of lint: one function each, called by the kind of node that it looks at. */
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "cli/lint.h"
#include "policy/tar.h"

const struct report_rule lint_rules[] = {
	{ "absent-under-not", "`not input.after.x` is also true when x is absent",
		"Say what is meant: `input.after.x == false` for false, `not \"x\" in "
		"object.keys(input.after)` for absent." },
	{ "allow-by-default", "What no rule speaks of is allowed",
		"Make deny the default and let rules allow; lib/decision.rego of the starter "
		"policy "
		"does." },
	{ "code-form", "A code of a reason is no stable word",
		"Codes are for programs: lower-case words with dots between, such as "
		"\"email.domain\"." },
	{ "code-unstable", "A code of a reason is made of the input",
		"Put what differs into the message; what counts and alarms needs codes that "
		"stay." },
	{ "compares-null", "The input holds no null: this is never true, and its != always",
		"A member that does not apply is absent: `not input.x`." },
	{ "deprecated-builtin", "A builtin that OPA has given up",
		"OPA's documentation says what "
		"takes its place." },
	{ "message-twice", "Two codes have one message",
		"Whoever reads the message must be able to tell which rule speaks." },
	{ "name-case", "A name is compared letter by letter, but its case does not matter",
		"userName and displayName are compared without case: `lower(x) == \"admins\"`." },
	{ "print-left", "A print() was left over", "Remove it; what it prints goes nowhere." },
	{ "reason-without-message", "A reason without a message",
		"People read the message, in the reply and in the journal: add \"message\"." },
	{ "time-now", "time.now_ns() is the real clock in every other tool",
		"`time.parse_rfc3339_ns(input.time)` is the operation's time here, in `opa test` "
		"and in "
		"replays." },
	{ "unused-data", "Data that no rule looks at",
		"A misspelt name protects nothing: mend it, or remove it." },
};
const size_t lint_rule_count = sizeof(lint_rules) / sizeof(lint_rules[0]);

/* ---- rules and expressions ---- */

static bool has_effect_allow(const struct value *object)
{
	const struct value *members = value_find(object, "value");

	for (size_t i = 0; strcmp(lint_type(object), "object") == 0 && i < value_count(members);
		i++) {
		const struct value *pair = value_at(members, i);
		const char *key = lint_string(value_at(pair, 0));
		const char *value = lint_string(value_at(pair, 1));

		if (key != NULL && value != NULL && strcmp(key, "effect") == 0 &&
			strcmp(value, "allow") == 0) {
			return true;
		}
	}
	return false;
}

/* `default decision := {"effect": "allow"}`, `default effect := "allow"`, `default allow := true`.
 */
static bool allows(const struct value *head)
{
	const char *name = value_find_text(head, "name");
	const struct value *term = value_find(head, "value");

	if (name == NULL) {
		return false;
	}
	if (strcmp(name, "decision") == 0) {
		return has_effect_allow(term);
	}
	if (strcmp(name, "effect") == 0) {
		return lint_string(term) != NULL && strcmp(lint_string(term), "allow") == 0;
	}
	return strcmp(name, "allow") == 0 && strcmp(lint_type(term), "boolean") == 0 &&
	       value_find_bool(term, "value", false);
}

void lint_rule_node(struct lint *lint, const struct value *rule)
{
	if (!lint->file->is_test && value_find_bool(rule, "default", false) &&
		allows(value_find(rule, "head"))) {
		lint_find(lint, "allow-by-default", REPORT_ERROR, rule,
			"what no rule speaks of is allowed");
	}
}

static void find_absent(struct lint *lint, const struct value *expression)
{
	bool is_static = false;
	const char *ref = lint_ref(lint, value_find(expression, "terms"), &is_static);

	if (value_find_bool(expression, "negated", false) && ref != NULL && is_static &&
		(strncmp(ref, "input.after.", 12) == 0 || strncmp(ref, "input.before.", 13) == 0)) {
		lint_find(lint, "absent-under-not", REPORT_WARNING, expression,
			"`not %s` is true when it is false, and when it is absent", ref);
	}
}

/* ---- calls ---- */

static void find_clock(struct lint *lint, const struct value *node, const char *name)
{
	if (strcmp(name, "time.now_ns") == 0 && !lint->file->is_test) {
		lint_find(lint, "time-now", REPORT_WARNING, node,
			"time.now_ns() is another time in `opa test` than in scimward");
	}
}

static void find_print(struct lint *lint, const struct value *node, const char *name)
{
	if (strcmp(name, "print") == 0) {
		lint_find(lint, "print-left", REPORT_WARNING, node, "print() was left over");
	}
}

static void find_deprecated(struct lint *lint, const struct value *node, const char *name)
{
	static const char *const names[] = { "all", "any", "cast_array", "cast_boolean",
		"cast_null", "cast_object", "cast_set", "cast_string", "net.cidr_overlap",
		"re_match", "set_diff" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			lint_find(lint, "deprecated-builtin", REPORT_WARNING, node,
				"%s is deprecated", name);
		}
	}
}

static bool is_comparison(const char *name)
{
	return strcmp(name, "equal") == 0 || strcmp(name, "neq") == 0 || strcmp(name, "eq") == 0;
}

/* Last part of a ref, also behind a variable: "userName" of member.user.userName. */
static const char *last_name(const struct value *term)
{
	const struct value *parts = value_find(term, "value");

	if (strcmp(lint_type(term), "ref") != 0 || value_count(parts) < 2) {
		return NULL;
	}
	return lint_string(value_at(parts, value_count(parts) - 1));
}

static void find_case(
	struct lint *lint, const struct value *node, const struct value *a, const struct value *b)
{
	const char *name = last_name(a);

	if (name != NULL && lint_string(b) != NULL &&
		(strcmp(name, "userName") == 0 || strcmp(name, "displayName") == 0)) {
		lint_find(lint, "name-case", REPORT_WARNING, node,
			"%s is compared letter by letter with \"%.100s\"", name, lint_string(b));
	}
}

static void find_null(
	struct lint *lint, const struct value *node, const struct value *a, const struct value *b)
{
	bool is_static;
	const char *ref = lint_ref(lint, a, &is_static);

	if (strcmp(lint_type(b), "null") == 0 && ref != NULL && strncmp(ref, "input.", 6) == 0) {
		lint_find(lint, "compares-null", REPORT_ERROR, node,
			"%s is never null: what does not apply is absent", ref);
	}
}

static void find_in_call(struct lint *lint, const struct value *node)
{
	const struct value *parts = NULL;
	const char *name = lint_call(lint, node, &parts);

	if (name == NULL) {
		return;
	}
	find_clock(lint, node, name);
	find_print(lint, node, name);
	find_deprecated(lint, node, name);
	if (is_comparison(name) && value_count(parts) == 3 && !lint->file->is_test) {
		find_case(lint, node, value_at(parts, 1), value_at(parts, 2));
		find_case(lint, node, value_at(parts, 2), value_at(parts, 1));
		find_null(lint, node, value_at(parts, 1), value_at(parts, 2));
		find_null(lint, node, value_at(parts, 2), value_at(parts, 1));
	}
}

void lint_expression_node(struct lint *lint, const struct value *expression)
{
	if (!lint->file->is_test) {
		find_absent(lint, expression);
	}
	find_in_call(lint, expression);
}

/* ---- reasons: objects with a code ---- */

static bool mentions_input(const struct value *node)
{
	if (value_is(node, VALUE_ARRAY) || value_is(node, VALUE_OBJECT)) {
		for (size_t i = 0; i < value_count(node); i++) {
			if (mentions_input(value_is(node, VALUE_ARRAY)
						   ? value_at(node, i)
						   : value_member_at(node, i)->value)) {
				return true;
			}
		}
	}
	return strcmp(lint_type(node), "var") == 0 && value_find_text(node, "value") != NULL &&
	       strcmp(value_find_text(node, "value"), "input") == 0;
}

static bool is_code(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	size_t size = strlen(text);

	return size > 0 && strspn(text, letters) == size && text[0] != '.' &&
	       text[size - 1] != '.' && strstr(text, "..") == NULL;
}

static void find_twin(
	struct lint *lint, const struct value *node, const char *code, const char *message)
{
	const char *other = value_find_text(lint->codes, message);

	if (other == NULL) {
		lint->codes = value_with(
			lint->arena, lint->codes, message, value_of_text(lint->arena, code));
	} else if (strcmp(other, code) != 0) {
		lint_find(lint, "message-twice", REPORT_WARNING, node,
			"%.100s has the same message as %.100s", code, other);
	}
}

static void find_in_reason(struct lint *lint, const struct value *node, const struct value *code,
	const struct value *message)
{
	const char *text = lint_string(code);

	if (text != NULL && !is_code(text)) {
		lint_find(lint, "code-form", REPORT_WARNING, code, "\"%.100s\" is no stable code",
			text);
	}
	if (text == NULL && mentions_input(code)) {
		lint_find(lint, "code-unstable", REPORT_WARNING, code,
			"this code changes with the input");
	}
	if (message == NULL || (lint_string(message) != NULL && lint_string(message)[0] == '\0')) {
		lint_find(lint, "reason-without-message", REPORT_ERROR, node,
			"the reason %.100s has no message", text != NULL ? text : "");
	} else if (text != NULL && lint_string(message) != NULL) {
		find_twin(lint, node, text, lint_string(message));
	}
}

static void find_in_object(struct lint *lint, const struct value *node)
{
	const struct value *members = value_find(node, "value");
	const struct value *code = NULL;
	const struct value *message = NULL;

	for (size_t i = 0; i < value_count(members); i++) {
		const struct value *pair = value_at(members, i);
		const char *key = value_count(pair) == 2 ? lint_string(value_at(pair, 0)) : NULL;

		if (key != NULL && strcmp(key, "code") == 0) {
			code = value_at(pair, 1);
		} else if (key != NULL && strcmp(key, "message") == 0) {
			message = value_at(pair, 1);
		}
	}
	if (code != NULL) {
		find_in_reason(lint, node, code, message);
	}
}

/* ---- data ---- */

/* "data.access.sources", also of an import: what lies at or below it is looked at. */
static void note_data(struct lint *lint, const struct value *term)
{
	bool is_static;
	const char *ref = lint_ref(lint, term, &is_static);

	if (ref != NULL && strncmp(ref, "data", 4) == 0 && (ref[4] == '\0' || ref[4] == '.')) {
		lint->used = value_with(lint->arena, lint->used, ref, value_of_bool(true));
	}
}

/* One is the other, or its beginning. */
static bool meet(const char *a, const char *b)
{
	size_t size = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strncmp(a, b, size) == 0 && (a[size] == '\0' || a[size] == '.') &&
	       (b[size] == '\0' || b[size] == '.');
}

static bool is_used(const struct lint *lint, const char *path)
{
	for (size_t i = 0; i < value_count(lint->used); i++) {
		if (meet(value_text(value_member_at(lint->used, i)->key), path)) {
			return true;
		}
	}
	return false;
}

/* The first line of a data file that begins with the key. */
static bool place_of(const struct lint *lint, const char *key, const char **file, size_t *line)
{
	size_t size = strlen(key);

	for (size_t i = 0; i < lint->tree.count; i++) {
		const struct tar_file *it = &lint->tree.files[i];
		size_t number = 1;

		if (strstr(it->name, "data.") == NULL) {
			continue;
		}
		for (size_t at = 0; at + size < it->size; number++) {
			const char *text = it->bytes + at;
			const char *end = memchr(text, '\n', it->size - at);
			size_t skip = 0;

			while (at + skip + size < it->size && strchr(" \"{", text[skip]) != NULL &&
				text[skip] != '\0') {
				skip++;
			}
			if (at + skip + size < it->size && memcmp(text + skip, key, size) == 0 &&
				(text[skip + size] == ':' || text[skip + size] == '"')) {
				*file = it->name;
				*line = number;
				return true;
			}
			if (end == NULL) {
				break;
			}
			at = (size_t)(end - it->bytes) + 1;
		}
	}
	return false;
}

static void find_unused(struct lint *lint, const char *path, const char *key)
{
	const char *file;
	size_t line;

	if (!is_used(lint, path) && place_of(lint, key, &file, &line)) {
		lint_find_at(lint, "unused-data", file, line, "no rule looks at %s", path);
	}
}

void lint_end(struct lint *lint)
{
	for (size_t i = 0; i < value_count(lint->data); i++) {
		const struct value_member *outer = value_member_at(lint->data, i);
		const char *name = value_text(outer->key);

		if (!value_is(outer->value, VALUE_OBJECT)) {
			find_unused(lint, arena_printf(lint->arena, "data.%s", name), name);
			continue;
		}
		for (size_t j = 0; j < value_count(outer->value); j++) {
			const char *inner = value_text(value_member_at(outer->value, j)->key);

			find_unused(
				lint, arena_printf(lint->arena, "data.%s.%s", name, inner), inner);
		}
	}
}

/* ---- terms ---- */

void lint_term_node(struct lint *lint, const struct value *term)
{
	if (lint->file->is_test) {
		return;
	}
	note_data(lint, term);
	if (strcmp(lint_type(term), "call") == 0) {
		find_in_call(lint, term);
	} else if (strcmp(lint_type(term), "object") == 0) {
		find_in_object(lint, term);
	}
}
