/*
 * PEM (RFC 7468) as Go's encoding/pem reads it: blocks that are broken are skipped.
 */
#include "base/buf.h"
#include "policy/builtin_bytes.h"
#include "policy/builtin_x509.h"

bool x509_fail(struct x509 *x509, const char *problem)
{
	x509->problem = x509->problem != NULL ? x509->problem : problem;
	return false;
}

/* The line at the front of *text without the blanks at its end; *text moves behind it. */
static struct span take_line(struct span *text)
{
	const char *end = memchr(text->at, '\n', text->size);
	size_t size = end != NULL ? (size_t)(end - text->at) : text->size;
	struct span line = { text->at, size };

	*text = span_from(*text, end != NULL ? size + 1 : size);
	while (line.size > 0 && strchr(" \t\r", line.at[line.size - 1]) != NULL) {
		line.size--;
	}
	return line;
}

/* "-----BEGIN X-----" → X */
static bool is_mark(struct span line, const char *mark, struct span *label)
{
	struct span prefix = { mark, strlen(mark) };

	if (line.size < prefix.size + 5 || !span_starts(line, prefix) ||
		!span_ends(line, (struct span){ "-----", 5 })) {
		return false;
	}
	*label = (struct span){ line.at + prefix.size, line.size - prefix.size - 5 };
	return true;
}

/* The body behind a begin mark; *text moves behind the end mark. */
static bool read_body(struct x509 *x509, struct span *text, struct span label, struct span *der)
{
	struct buf *buf = policy_buf(x509->context, 2);
	struct span rest = *text;
	struct span end;
	bool headers = true;

	while (rest.size > 0) {
		struct span line = take_line(&rest);
		if (is_mark(line, "-----END ", &end)) {
			struct span body = { buf_text(buf), buf->size };
			if (end.size != label.size || memcmp(end.at, label.at, end.size) != 0 ||
				!builtin_base64_bytes(x509->context, body, der)) {
				return false;
			}
			*text = rest;
			return true;
		}
		bool header = headers && memchr(line.at, ':', line.size) != NULL;
		headers = headers && (header || line.size == 0);
		for (size_t i = 0; !header && i < line.size; i++) {
			if (line.at[i] != ' ' && line.at[i] != '\t') {
				buf_append(buf, &line.at[i], 1);
			}
		}
	}
	return false;
}

bool x509_pem_next(struct x509 *x509, struct span *text, struct span *label, struct span *der)
{
	while (text->size > 0) {
		struct span line = take_line(text);
		policy_charge_text(x509->context, line.size * 4);
		if (is_mark(line, "-----BEGIN ", label)) {
			policy_charge_text(x509->context, text->size);
			policy_charge_bytes(x509->context, text->size);
			if (read_body(x509, text, *label, der)) {
				return true;
			}
		}
	}
	return false;
}

bool x509_unwrap(struct x509 *x509, struct span text, const char *begin, struct span *bytes)
{
	if (span_starts(text, (struct span){ begin, strlen(begin) })) {
		*bytes = text;
		return true;
	}
	return builtin_base64_bytes(x509->context, text, bytes) ||
	       x509_fail(x509, "illegal base64 data");
}
