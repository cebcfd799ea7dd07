/*
 * Fields that give one member of an answer must be the same (specification, 5.3.2), and no
 * fragment may spread itself (5.5.2.2).
 *
 * The comparison is that of graphql-js, which OPA's library follows: within a set of fields every
 * pair is compared; between sets those of one response name; fragments take part as sets of their
 * own, each pair of them once. It can be exponential: every step is charged.
 */
#include "policy/builtin_graphql.h"

/* Fields by the name that they have in the answer, in order; and the fragments beside them. */
struct fields {
	struct graphql_list names;   /* of struct group */
	struct graphql_table *table; /* name → struct group */
	struct graphql_list spreads; /* of graphql_selection */
};

struct group {
	struct graphql_list fields; /* of graphql_selection */
	const struct value *name;
};

static const struct value *answer_name(const struct graphql_selection *field)
{
	return value_size(field->alias) > 0 ? field->alias : field->name;
}

static void collect(
	struct graphql *graphql, struct fields *fields, const struct graphql_list *selections)
{
	graphql_enter(graphql);
	for (size_t i = 0; i < selections->count; i++) {
		struct graphql_selection *it = selections->items[i];
		policy_charge(graphql->context, 2);
		if (it->kind == GRAPHQL_INLINE) {
			collect(graphql, fields, &it->selections);
		} else if (it->kind == GRAPHQL_SPREAD) {
			graphql_add(graphql, &fields->spreads, it);
		} else {
			const struct value *name = answer_name(it);
			struct group *group = graphql_table_get(fields->table, name);
			if (group == NULL) {
				group = policy_alloc(graphql->context, sizeof(*group));
				*group = (struct group){ .name = name };
				graphql_add(graphql, &fields->names, group);
				graphql_table_set(graphql, fields->table, name, group);
			}
			graphql_add(graphql, &group->fields, it);
		}
	}
	graphql_leave(graphql);
}

static struct fields fields_of(struct graphql *graphql, const struct graphql_list *selections)
{
	struct fields fields = { .table = graphql_table_new(graphql) };

	collect(graphql, &fields, selections);
	return fields;
}

/* ---- are two fields the same? ---- */

static bool same_value(
	struct graphql *graphql, const struct graphql_value *a, const struct graphql_value *b)
{
	bool same = a->kind == b->kind && graphql_same(a->raw, b->raw) &&
		    a->children.count == b->children.count;

	graphql_enter(graphql);
	for (size_t i = 0; same && i < a->children.count; i++) {
		const struct graphql_argument *one = a->children.items[i];
		const struct graphql_argument *other =
			a->kind == GRAPHQL_OBJECT
				? graphql_find_argument(graphql, &b->children, one->name)
				: b->children.items[i];
		same = other != NULL && same_value(graphql, one->value, other->value);
	}
	graphql_leave(graphql);
	return same;
}

static bool same_arguments(
	struct graphql *graphql, const struct graphql_list *a, const struct graphql_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++) {
		const struct graphql_argument *one = a->items[i];
		const struct graphql_argument *other = graphql_find_argument(graphql, b, one->name);
		same = other != NULL && same_value(graphql, one->value, other->value);
	}
	return same;
}

/* Answers of these types cannot stand in one place. */
static bool types_conflict(
	struct graphql_walk *walk, const struct graphql_type *a, const struct graphql_type *b)
{
	while (a->item != NULL && b->item != NULL) {
		policy_charge(walk->graphql->context, 1);
		a = a->item;
		b = b->item;
	}
	if (a->item != NULL || b->item != NULL || a->non_null != b->non_null) {
		return true;
	}
	const struct graphql_definition *one = graphql_find_type(walk->schema, a->name);
	const struct graphql_definition *other = graphql_find_type(walk->schema, b->name);
	return one != NULL && other != NULL && graphql_is_leaf(one) && graphql_is_leaf(other) &&
	       one != other;
}

static void compare_selections(struct graphql_walk *walk, bool exclusive,
	const struct graphql_list *a, const struct graphql_list *b);

/* exclusive: an answer can have but one of them, since their parents are different types */
static void compare_fields(struct graphql_walk *walk, bool exclusive,
	const struct graphql_selection *a, const struct graphql_selection *b)
{
	const struct graphql_definition *one = a->parent_type;
	const struct graphql_definition *other = b->parent_type;

	policy_charge(walk->graphql->context, 4);
	if (one == NULL || other == NULL || walk->graphql->failed) {
		return;
	}
	exclusive = exclusive ||
		    (!graphql_same(one->name, other->name) && one->kind == GRAPHQL_OBJECT_TYPE &&
			    other->kind == GRAPHQL_OBJECT_TYPE && a->definition != NULL &&
			    b->definition != NULL);
	bool differ =
		!exclusive && (!graphql_same(a->name, b->name) ||
				      !same_arguments(walk->graphql, &a->arguments, &b->arguments));
	if (differ || (a->definition != NULL && b->definition != NULL &&
			      types_conflict(walk, a->definition->type, b->definition->type))) {
		graphql_fail(walk->graphql,
			"Fields \"%.80s\" conflict because they differ. Use different aliases on "
			"the fields to fetch both if this was intentional",
			value_text(answer_name(a)));
		return;
	}
	compare_selections(walk, exclusive, &a->selections, &b->selections);
}

/* ---- sets of fields ---- */

static void compare_sets(
	struct graphql_walk *walk, bool exclusive, const struct fields *a, const struct fields *b)
{
	for (size_t i = 0; i < a->names.count; i++) {
		const struct group *one = a->names.items[i];
		const struct group *other = graphql_table_get(b->table, one->name);
		policy_charge(walk->graphql->context, 1);
		for (size_t k = 0; other != NULL && k < one->fields.count; k++) {
			for (size_t m = 0; m < other->fields.count; m++) {
				compare_fields(walk, exclusive, one->fields.items[k],
					other->fields.items[m]);
			}
		}
	}
}

static void compare_with_fragment(struct graphql_walk *walk, bool exclusive,
	const struct fields *fields, const struct graphql_selection *spread)
{
	if (graphql_table_get(walk->compared, spread->name) != NULL || spread->fragment == NULL) {
		return;
	}
	graphql_enter(walk->graphql);
	graphql_table_set(walk->graphql, walk->compared, spread->name, walk);
	struct fields others = fields_of(walk->graphql, &spread->fragment->selections);
	compare_sets(walk, exclusive, fields, &others);
	for (size_t i = 0; i < others.spreads.count; i++) {
		compare_with_fragment(walk, exclusive, fields, others.spreads.items[i]);
	}
	graphql_leave(walk->graphql);
}

/* Once for each pair; having compared them as not exclusive says all. */
static bool was_compared(
	struct graphql_walk *walk, const struct value *a, const struct value *b, bool exclusive)
{
	static char as_exclusive, as_not;
	struct graphql_table *row = graphql_table_get(walk->pairs, a);

	if (row == NULL) {
		row = graphql_table_new(walk->graphql);
		graphql_table_set(walk->graphql, walk->pairs, a, row);
	}
	const char *before = graphql_table_get(row, b);
	if (before != NULL && (exclusive || before == &as_not)) {
		return true;
	}
	graphql_table_set(walk->graphql, row, b, exclusive ? &as_exclusive : &as_not);
	return false;
}

static void compare_fragments(struct graphql_walk *walk, bool exclusive,
	const struct graphql_selection *a, const struct graphql_selection *b)
{
	int order = policy_compare(walk->graphql->context, a->name, b->name);

	if (order == 0 || a->fragment == NULL || b->fragment == NULL ||
		was_compared(walk, order < 0 ? a->name : b->name, order < 0 ? b->name : a->name,
			exclusive)) {
		return;
	}
	graphql_enter(walk->graphql);
	struct fields one = fields_of(walk->graphql, &a->fragment->selections);
	struct fields other = fields_of(walk->graphql, &b->fragment->selections);
	compare_sets(walk, exclusive, &one, &other);
	for (size_t i = 0; i < other.spreads.count; i++) {
		compare_fragments(walk, exclusive, a, other.spreads.items[i]);
	}
	for (size_t i = 0; i < one.spreads.count; i++) {
		compare_fragments(walk, exclusive, one.spreads.items[i], b);
	}
	graphql_leave(walk->graphql);
}

static void compare_selections(struct graphql_walk *walk, bool exclusive,
	const struct graphql_list *a, const struct graphql_list *b)
{
	if (a->count == 0 || b->count == 0) {
		return;
	}
	graphql_enter(walk->graphql);
	struct fields one = fields_of(walk->graphql, a);
	struct fields other = fields_of(walk->graphql, b);
	compare_sets(walk, exclusive, &one, &other);
	for (size_t i = 0; i < other.spreads.count; i++) {
		walk->compared = graphql_table_new(walk->graphql);
		compare_with_fragment(walk, exclusive, &one, other.spreads.items[i]);
	}
	for (size_t i = 0; i < one.spreads.count; i++) {
		walk->compared = graphql_table_new(walk->graphql);
		compare_with_fragment(walk, exclusive, &other, one.spreads.items[i]);
	}
	for (size_t i = 0; i < one.spreads.count; i++) {
		for (size_t k = 0; k < other.spreads.count; k++) {
			compare_fragments(
				walk, exclusive, one.spreads.items[i], other.spreads.items[k]);
		}
	}
	graphql_leave(walk->graphql);
}

void graphql_rule_overlap(struct graphql_walk *walk, const struct graphql_list *selections)
{
	if (selections->count == 0 || walk->graphql->failed) {
		return;
	}
	struct fields fields = fields_of(walk->graphql, selections);
	for (size_t i = 0; i < fields.names.count; i++) {
		const struct group *group = fields.names.items[i];
		for (size_t k = 0; k < group->fields.count; k++) {
			for (size_t m = k + 1; m < group->fields.count; m++) {
				compare_fields(walk, false, group->fields.items[k],
					group->fields.items[m]);
			}
		}
	}
	walk->compared = graphql_table_new(walk->graphql);
	for (size_t i = 0; i < fields.spreads.count; i++) {
		compare_with_fragment(walk, false, &fields, fields.spreads.items[i]);
		for (size_t k = i + 1; k < fields.spreads.count; k++) {
			compare_fragments(
				walk, false, fields.spreads.items[i], fields.spreads.items[k]);
		}
	}
}

/* ---- cycles ---- */

static bool follow(struct graphql_walk *walk, const struct graphql_fragment *fragment,
	struct graphql_table *states);

/* states: name → the fragment while it is followed, walk when that is done */
static bool follow_spreads(struct graphql_walk *walk, const struct graphql_list *selections,
	struct graphql_table *states)
{
	bool ok = true;

	graphql_enter(walk->graphql);
	for (size_t i = 0; ok && i < selections->count; i++) {
		const struct graphql_selection *it = selections->items[i];
		policy_charge(walk->graphql->context, 1);
		const struct graphql_fragment *fragment =
			it->kind == GRAPHQL_SPREAD ? graphql_table_get(walk->fragments, it->name)
						   : NULL;
		ok = fragment != NULL ? follow(walk, fragment, states)
				      : follow_spreads(walk, &it->selections, states);
	}
	graphql_leave(walk->graphql);
	return ok;
}

static bool follow(struct graphql_walk *walk, const struct graphql_fragment *fragment,
	struct graphql_table *states)
{
	void *state = graphql_table_get(states, fragment->name);

	if (state != NULL) {
		return state == walk || graphql_fail(walk->graphql,
						"Cannot spread fragment \"%.100s\" within itself",
						value_text(fragment->name));
	}
	graphql_table_set(walk->graphql, states, fragment->name, (void *)(uintptr_t)fragment);
	if (!follow_spreads(walk, &fragment->selections, states)) {
		return false;
	}
	graphql_table_set(walk->graphql, states, fragment->name, walk);
	return true;
}

bool graphql_check_cycles(struct graphql_walk *walk)
{
	struct graphql_table *states = graphql_table_new(walk->graphql);

	for (size_t i = 0; i < walk->query->fragments.count; i++) {
		if (!follow(walk, walk->query->fragments.items[i], states)) {
			return false;
		}
	}
	return true;
}
