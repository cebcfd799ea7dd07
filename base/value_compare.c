#include "base/value_parts.h"

static int sign_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_counts(const struct value *a, const struct value *b)
{
	return sign_of(a->count, b->count);
}

static size_t least_count(const struct value *a, const struct value *b)
{
	return a->count < b->count ? a->count : b->count;
}

static int compare_texts(const struct value *a, const struct value *b, struct value_charge *charge)
{
	size_t size = least_count(a, b);

	if (!charge_pay(charge, size / 64)) {
		return 0;
	}
	int order = memcmp(value_text(a), value_text(b), size);

	return order != 0 ? order : compare_counts(a, b);
}

static int compare(const struct value *a, const struct value *b, struct value_charge *charge);

static int compare_items(const struct value *a, const struct value *b, struct value_charge *charge)
{
	const struct value *const *left = value_items(a);
	const struct value *const *right = value_items(b);
	size_t count = least_count(a, b);

	for (size_t i = 0; i < count; i++) {
		int order = compare(left[i], right[i], charge);

		if (order != 0 || charge->exhausted) {
			return order;
		}
	}
	return compare_counts(a, b);
}

static int compare_objects(
	const struct value *a, const struct value *b, struct value_charge *charge)
{
	const struct value_member *left = value_members(a);
	const struct value_member *right = value_members(b);
	size_t count = least_count(a, b);

	for (size_t i = 0; i < count; i++) {
		int order = compare(left[i].key, right[i].key, charge);

		if (order == 0) {
			order = compare(left[i].value, right[i].value, charge);
		}
		if (order != 0 || charge->exhausted) {
			return order;
		}
	}
	return compare_counts(a, b);
}

static int compare(const struct value *a, const struct value *b, struct value_charge *charge)
{
	if (!charge_pay(charge, 1) || a == b) {
		return 0;
	}
	if (a->type != b->type) {
		return a->type < b->type ? -1 : 1;
	}
	switch (value_type(a)) {
	case VALUE_NULL:
		return 0;
	case VALUE_BOOL:
		return sign_of(a->form, b->form);
	case VALUE_NUMBER:
		return number_compare(a, b);
	case VALUE_STRING:
		return compare_texts(a, b, charge);
	case VALUE_ARRAY:
	case VALUE_SET:
		return compare_items(a, b, charge);
	case VALUE_OBJECT:
		break;
	}
	return compare_objects(a, b, charge);
}

int value_compare_charged(const struct value *a, const struct value *b, struct value_charge *charge)
{
	struct value_charge endless = { .left = UINT64_MAX };

	return compare(a, b, charge != NULL ? charge : &endless);
}

int value_compare(const struct value *a, const struct value *b)
{
	return value_compare_charged(a, b, NULL);
}

static bool equals(const struct value *a, const struct value *b, struct value_charge *charge);

static bool equal_items(const struct value *a, const struct value *b, struct value_charge *charge)
{
	const struct value *const *left = value_items(a);
	const struct value *const *right = value_items(b);

	for (size_t i = 0; i < a->count; i++) {
		if (!equals(left[i], right[i], charge)) {
			return false;
		}
	}
	return true;
}

static bool equal_objects(const struct value *a, const struct value *b, struct value_charge *charge)
{
	const struct value_member *left = value_members(a);
	const struct value_member *right = value_members(b);

	for (size_t i = 0; i < a->count; i++) {
		if (!equals(left[i].key, right[i].key, charge) ||
			!equals(left[i].value, right[i].value, charge)) {
			return false;
		}
	}
	return true;
}

static bool equals(const struct value *a, const struct value *b, struct value_charge *charge)
{
	if (!charge_pay(charge, 1)) {
		return false;
	}
	if (a == b) {
		return true;
	}
	/* Unequal values nearly never get further: the hashes are those of the whole trees. */
	if (a->type != b->type || a->form != b->form || a->count != b->count ||
		a->hash != b->hash) {
		return false;
	}
	switch (value_type(a)) {
	case VALUE_NULL:
	case VALUE_BOOL:
		return true;
	case VALUE_NUMBER:
		return number_compare(a, b) == 0;
	case VALUE_STRING:
		return charge_pay(charge, a->count / 64) &&
		       memcmp(value_text(a), value_text(b), a->count) == 0;
	case VALUE_ARRAY:
	case VALUE_SET:
		return equal_items(a, b, charge);
	case VALUE_OBJECT:
		break;
	}
	return equal_objects(a, b, charge);
}

bool value_equals_charged(const struct value *a, const struct value *b, struct value_charge *charge)
{
	struct value_charge endless = { .left = UINT64_MAX };

	return equals(a, b, charge != NULL ? charge : &endless);
}

bool value_equals(const struct value *a, const struct value *b)
{
	return value_equals_charged(a, b, NULL);
}
