#include "scim/match.h"

#include <string.h>
#include <strings.h>
#include "base/value.h"
#include "scim/datatype.h"
#include "scim/name.h"

/* ---- two values ---- */

static int sign_of_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static bool by_order(enum scim_filter_op op, int order)
{
	switch (op) {
	case SCIM_EQ:
		return order == 0;
	case SCIM_NE:
		return order != 0;
	case SCIM_GT:
		return order > 0;
	case SCIM_GE:
		return order >= 0;
	case SCIM_LT:
		return order < 0;
	case SCIM_LE:
		return order <= 0;
	default:
		return false;
	}
}

static bool texts_match(
	struct arena *arena, const struct scim_filter *it, const struct value *value)
{
	const struct value *wanted = it->value;
	const char *a, *b;
	size_t a_size, b_size;

	if (it->folded != NULL) {
		value = scim_name_fold(arena, value);
		wanted = it->folded;
	}
	a = value_text(value);
	a_size = value_size(value);
	b = value_text(wanted);
	b_size = value_size(wanted);
	switch (it->op) {
	case SCIM_CO:
		return memmem(a, a_size, b, b_size) != NULL;
	case SCIM_SW:
		return a_size >= b_size && memcmp(a, b, b_size) == 0;
	case SCIM_EW:
		return a_size >= b_size && memcmp(a + a_size - b_size, b, b_size) == 0;
	case SCIM_EQ:
	case SCIM_NE:
		return (a_size == b_size && memcmp(a, b, a_size) == 0) == (it->op == SCIM_EQ);
	default:
		return by_order(it->op, sign_of_bytes(a, a_size, b, b_size));
	}
}

static bool simple_matches(
	struct arena *arena, const struct scim_filter *it, const struct value *value)
{
	int64_t us;

	if (value_type(value) != value_type(it->value)) {
		return it->op == SCIM_NE;
	}
	if (value_type(value) != VALUE_STRING) {
		return by_order(it->op, value_compare(value, it->value));
	}
	if (it->leaf == NULL || it->leaf->type != SCIM_DATETIME) {
		return texts_match(arena, it, value);
	}
	if (!scim_datetime_parse(value_text(value), value_size(value), false, &us)) {
		return it->op == SCIM_NE;
	}
	return by_order(it->op, (us > it->time_us) - (us < it->time_us));
}

/* ---- comparisons: some value of the attribute ---- */

static bool is_nothing(const struct value *value)
{
	return value == NULL || value_is(value, VALUE_NULL) ||
	       (value_is(value, VALUE_ARRAY) && value_count(value) == 0) ||
	       (value_is(value, VALUE_OBJECT) && value_count(value) == 0);
}

/* `sub` of the value, or of each of a list; the value itself without one. */
static bool some_value_matches(struct arena *arena, const struct scim_filter *it,
	const struct value *value, const struct scim_attribute *sub)
{
	if (value_is(value, VALUE_ARRAY) || value_is(value, VALUE_SET)) {
		for (size_t i = 0; i < value_count(value); i++) {
			if (some_value_matches(arena, it, value_at(value, i), sub)) {
				return true;
			}
		}
		return false;
	}
	if (sub != NULL) {
		return some_value_matches(
			arena, it, value_find_n(value, sub->name, sub->name_size), NULL);
	}
	if (is_nothing(value)) {
		return it->op == SCIM_NE;
	}
	return simple_matches(arena, it, value);
}

static bool is_present(const struct value *value, const struct scim_attribute *sub)
{
	if (sub == NULL) {
		return !is_nothing(value);
	}
	if (!value_is(value, VALUE_ARRAY)) {
		return !is_nothing(value_find_n(value, sub->name, sub->name_size));
	}
	for (size_t i = 0; i < value_count(value); i++) {
		if (is_present(value_at(value, i), sub)) {
			return true;
		}
	}
	return false;
}

/* ---- where values come from ---- */

/* Bytes of the first name of a path. A URN has dots of its own: its name goes up to its last colon.
 */
static size_t first_name(const struct value *object, const char *path)
{
	const char *colon;

	if (strncasecmp(path, "urn:", 4) != 0) {
		return strcspn(path, ".");
	}
	if (value_find_folded(object, path) != NULL) {
		return strlen(path);
	}
	colon = strrchr(path, ':');
	return (size_t)(colon - path);
}

/* What a dotted path names in an arbitrary object, without case; of a list, in all its elements. */
static const struct value *find_path(
	struct arena *arena, const struct value *value, const char *path)
{
	char name[256];
	size_t size;

	if (*path == '\0' || value == NULL) {
		return value;
	}
	if (value_is(value, VALUE_ARRAY) || value_is(value, VALUE_SET)) {
		struct value_builder found = { .arena = arena };

		for (size_t i = 0; i < value_count(value); i++) {
			value_add_item(&found, find_path(arena, value_at(value, i), path));
		}
		return found.count > 0 ? value_finish_array(&found) : NULL;
	}
	size = first_name(value, path);
	if (size >= sizeof(name)) {
		return NULL;
	}
	memcpy(name, path, size);
	name[size] = '\0';
	path += path[size] == '\0' ? size : size + 1;
	return find_path(arena, value_find_folded(value, name), path);
}

static const struct value *find_in_doc(
	struct arena *arena, const struct value *doc, const struct scim_filter *it)
{
	const struct scim_ref *ref = &it->ref;

	if (ref->attribute == NULL) {
		return find_path(arena, doc, it->path);
	}
	if (ref->extension != NULL) {
		doc = value_find_n(doc, ref->extension->id, ref->extension->id_size);
	}
	return value_find_n(doc, ref->attribute->name, ref->attribute->name_size);
}

static const struct value *look_up(const struct scim_matcher *matcher, const struct scim_filter *it)
{
	return matcher->lookup != NULL ? matcher->lookup(matcher->user, it)
				       : find_in_doc(matcher->arena, matcher->doc, it);
}

/* The sub-attribute that a comparison looks at below its attribute. */
static const struct scim_attribute *sub_of(const struct scim_filter *it)
{
	return it->leaf != it->ref.attribute ? it->leaf : NULL;
}

static bool compare(const struct scim_filter *it, const struct scim_matcher *matcher)
{
	const struct value *value = look_up(matcher, it);

	if (value_is(it->value, VALUE_NULL)) {
		return is_present(value, sub_of(it)) == (it->op == SCIM_NE);
	}
	return some_value_matches(matcher->arena, it, value, sub_of(it));
}

static bool any_matches(const struct scim_filter *it, const struct scim_matcher *matcher)
{
	const struct value *list = look_up(matcher, it);

	if (!value_is(list, VALUE_ARRAY)) {
		return list != NULL && scim_filter_matches_value(matcher->arena, it->left, list);
	}
	for (size_t i = 0; i < value_count(list); i++) {
		if (scim_filter_matches_value(matcher->arena, it->left, value_at(list, i))) {
			return true;
		}
	}
	return false;
}

/* ---- trees ---- */

static bool leaf_matches(const struct scim_filter *it, const struct scim_matcher *matcher)
{
	if (matcher->test != NULL) {
		enum scim_answer answer = matcher->test(matcher->user, it);

		if (answer != SCIM_LOOK) {
			return answer == SCIM_YES;
		}
	}
	switch (it->kind) {
	case SCIM_FILTER_PRESENT:
		return is_present(look_up(matcher, it), it->ref.sub);
	case SCIM_FILTER_ANY:
		return any_matches(it, matcher);
	default:
		return compare(it, matcher);
	}
}

bool scim_filter_matches(const struct scim_filter *filter, const struct scim_matcher *matcher)
{
	switch (filter->kind) {
	case SCIM_FILTER_AND:
		return scim_filter_matches(filter->left, matcher) &&
		       scim_filter_matches(filter->right, matcher);
	case SCIM_FILTER_OR:
		return scim_filter_matches(filter->left, matcher) ||
		       scim_filter_matches(filter->right, matcher);
	case SCIM_FILTER_NOT:
		return !scim_filter_matches(filter->left, matcher);
	default:
		return leaf_matches(filter, matcher);
	}
}

/* Elements of a list of simple values are asked as if each were {"value": …}. */
static const struct value *element_itself(void *user, const struct scim_filter *it)
{
	(void)it;
	return user;
}

bool scim_filter_matches_value(
	struct arena *arena, const struct scim_filter *filter, const struct value *object)
{
	struct scim_matcher matcher = { .arena = arena, .doc = object };

	if (!value_is(object, VALUE_OBJECT)) {
		matcher.lookup = element_itself;
		matcher.user = (void *)object; /* only read */
	}
	return scim_filter_matches(filter, &matcher);
}
