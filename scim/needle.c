#include "scim/needle.h"

#include <string.h>
#include "base/value.h"
#include "scim/filter.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* ---- of a filter ---- */

/* Stands in JSON as it is, and in no other way: other characters may be folded to it, or escaped.
 */
static bool is_plain(char c)
{
	return c >= ' ' && c < 127 && c != '"' && c != '\\';
}

/* The longest run of plain characters, as much of it as there is room for. */
static void take_longest_run(const struct value *text, struct scim_needle *needle)
{
	const char *at = value_text(text);
	const char *end = at + value_size(text);

	while (at < end) {
		const char *start = at;

		while (at < end && is_plain(*at)) {
			at++;
		}
		size_t size = (size_t)(at - start);
		size = size < SCIM_NEEDLE_BYTES_MAX ? size : SCIM_NEEDLE_BYTES_MAX;
		if (size > needle->size) {
			needle->size = size;
			for (size_t i = 0; i < size; i++) {
				needle->text[i] = lower(start[i]);
			}
		}
		at++;
	}
}

static bool is_text_in_doc(const struct scim_filter *it, bool in_element)
{
	return it->kind == SCIM_FILTER_COMPARE &&
	       (it->op == SCIM_EQ || it->op == SCIM_CO || it->op == SCIM_SW || it->op == SCIM_EW) &&
	       it->leaf != NULL && it->leaf->type != SCIM_DATETIME &&
	       value_is(it->value, VALUE_STRING) &&
	       (in_element || it->ref.attribute->place == SCIM_IN_DOC);
}

static void look(const struct scim_filter *it, bool in_element, struct scim_needle *needle)
{
	if (it->kind == SCIM_FILTER_AND) {
		look(it->left, in_element, needle);
		look(it->right, in_element, needle);
	} else if (it->kind == SCIM_FILTER_ANY) {
		if (it->ref.attribute != NULL && it->ref.attribute->place == SCIM_IN_DOC) {
			look(it->left, true, needle);
		}
	} else if (is_text_in_doc(it, in_element)) {
		take_longest_run(it->folded != NULL ? it->folded : it->value, needle);
	}
}

void scim_needle_of(const struct scim_filter *filter, struct scim_needle *needle)
{
	*needle = (struct scim_needle){ 0 };
	look(filter, false, needle);
}

/* ---- in a document ---- */

enum { WINDOW = 2048 };

bool scim_needle_may_be_in(const struct scim_needle *needle, const char *doc, size_t size)
{
	char window[WINDOW];
	size_t step = WINDOW - SCIM_NEEDLE_BYTES_MAX; /* windows overlap by a needle */

	if (needle->size == 0) {
		return true;
	}
	for (size_t at = 0; at < size; at += step) {
		size_t part = size - at < WINDOW ? size - at : WINDOW;
		unsigned char other = 0;

		/* Plain loops: the compiler makes vectors of them. */
		for (size_t i = 0; i < part; i++) {
			other |= (unsigned char)(doc[at + i] & 0x80) | (doc[at + i] == '\\');
			window[i] = lower(doc[at + i]);
		}
		if (other != 0 || memmem(window, part, needle->text, needle->size) != NULL) {
			return true;
		}
	}
	return false;
}
