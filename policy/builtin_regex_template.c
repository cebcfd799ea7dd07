/*
 * regex.template_match: a text with regular expressions between delimiters, "urn:<[a-z]+>:x".
 */
#include <string.h>
#include "base/buf.h"
#include "policy/builtin_args.h"
#include "policy/builtin_regex.h"

static void append_quoted(struct policy_context *context, struct buf *buf, struct span text)
{
	policy_charge_text(context, text.size * 8);
	policy_charge_bytes(context, text.size * 2);
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] != '\0' && strchr("\\.+*?()|[]{}^$", text.at[i]) != NULL) {
			buf_append_char(buf, '\\');
		}
		buf_append_char(buf, text.at[i]);
	}
}

/* False: reported. Each part must be a whole expression by itself. */
static bool append_part(struct policy_context *context, struct buf *buf, struct span part)
{
	struct buf *alone = policy_buf(context, 1);

	builtin_append(context, alone, "^", 1);
	builtin_append(context, alone, part.at, part.size);
	builtin_append(context, alone, "$", 1);
	if (builtin_regex_of(context, (struct span){ buf_text(alone), alone->size }) == NULL) {
		return false;
	}
	builtin_append(context, buf, "(", 1);
	builtin_append(context, buf, part.at, part.size);
	builtin_append(context, buf, ")", 1);
	return true;
}

/* The whole template as an expression. False: reported. */
static bool translate(
	struct policy_context *context, struct span template, char start, char end, struct buf *buf)
{
	size_t level = 0;
	size_t begin = 0; /* of the part, or of the plain text */

	builtin_append(context, buf, "^", 1);
	for (size_t i = 0; i < template.size; i++) {
		if (template.at[i] == start) {
			if (level++ == 0) {
				append_quoted(context, buf,
					(struct span){ template.at + begin, i - begin });
				begin = i + 1;
			}
		} else if (template.at[i] == end) {
			if (level == 0) {
				builtin_error(context, "unbalanced braces in the template");
				return false;
			}
			if (--level == 0) {
				if (!append_part(context, buf,
					    (struct span){ template.at + begin, i - begin })) {
					return false;
				}
				begin = i + 1;
			}
		}
	}
	if (level != 0) {
		builtin_error(context, "unbalanced braces in the template");
		return false;
	}
	append_quoted(context, buf, span_from(template, begin));
	builtin_append(context, buf, "$", 1);
	return true;
}

const struct value *builtin_regex_template_match(
	struct policy_context *context, const struct value *const *args)
{
	struct policy_regex_scan scan;

	if (!builtin_are_texts(context, args, 4)) {
		return NULL;
	}
	if (value_size(args[2]) != 1 || value_size(args[3]) != 1) {
		return builtin_error(
			context, "a delimiter has to be exactly one character of one byte");
	}
	struct span text = span_of(args[1]);
	struct buf *buf = policy_buf(context, 0);
	if (!translate(context, span_of(args[0]), value_text(args[2])[0], value_text(args[3])[0],
		    buf)) {
		return NULL;
	}
	const struct policy_regex *regex =
		builtin_regex_of(context, (struct span){ buf_text(buf), buf->size });
	if (regex == NULL) {
		return NULL;
	}
	policy_regex_scan_init(context, &scan, regex, text.at, text.size);
	return value_of_bool(policy_regex_scan_next(&scan, 0, NULL, 0));
}
