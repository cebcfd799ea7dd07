#include "config/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

#define LINE_SHOWN 160 /* characters of a source line */

/* Names of keys whose values must not be shown; config/keys.c has the same as CONFIG_SECRET (a test
 * holds them together). */
static const char *const secret_keys[] = { "client_secret:", "password:", "secret:", "token:" };

void config_report_fini(struct config_report *report)
{
	arena_free(report->arena);
	*report = (struct config_report){ 0 };
}

struct arena *config_report_arena(struct config_report *report)
{
	if (report->arena == NULL) {
		report->arena = arena_new();
	}
	return report->arena;
}

bool config_report_keep(struct config_report *report, const struct config_problem *problem)
{
	if (report->count == CONFIG_PROBLEMS_MAX) {
		report->left_out++;
		return false;
	}
	report->problems[report->count++] = *problem;
	return false;
}

static int by_place(const void *left, const void *right)
{
	const struct config_problem *a = left;
	const struct config_problem *b = right;

	if (a->line != b->line) {
		return a->line < b->line ? -1 : 1;
	}
	if (a->column != b->column) {
		return a->column < b->column ? -1 : 1;
	}
	return strcmp(a->path, b->path);
}

void config_report_sort(struct config_report *report)
{
	qsort(report->problems, report->count, sizeof(report->problems[0]), by_place);
}

/* Characters that move a cursor, reorder text or are invisible become \u{…}. */
static bool is_plain(uint32_t point)
{
	return point >= 0x20 && point != 0x7f && !(point >= 0x80 && point < 0xa0) &&
	       !(point >= 0x200b && point <= 0x200f) && !(point >= 0x2028 && point <= 0x202e) &&
	       !(point >= 0x2066 && point <= 0x2069) && point != 0xfeff;
}

/* Appends text escaped and returns how many columns it takes; stops after `limit` characters. */
static size_t append_safe(struct buf *buf, const char *text, size_t limit)
{
	size_t size = strlen(text);
	size_t columns = 0;

	for (size_t i = 0, count = 0; i < size && count < limit; count++) {
		uint32_t point;
		size_t step = utf8_read(text + i, size - i, &point);

		if (step == 0) {
			buf_append_char(buf, '?');
			step = 1;
			columns++;
		} else if (point == '\t') {
			buf_append_char(
				buf, ' '); /* so that the caret stands under the right column */
			columns++;
		} else if (is_plain(point)) {
			buf_append(buf, text + i, step);
			columns++;
		} else {
			size_t before = buf->size;
			buf_printf(buf, "\\u{%x}", (unsigned)point);
			columns += buf->size - before;
		}
		i += step;
	}
	return columns;
}

static void append_source(
	const struct config_problem *problem, struct buf *buf, const char *accent, const char *off)
{
	struct buf before = { 0 };
	size_t skip = problem->column - 1 < LINE_SHOWN ? problem->column - 1 : LINE_SHOWN;
	size_t indent = append_safe(&before, problem->line_text, skip);
	size_t width = problem->width > 0 ? problem->width : 1;

	buf_printf(buf, "%5zu | ", problem->line);
	append_safe(buf, problem->line_text, LINE_SHOWN);
	buf_printf(buf, "\n      | %*s%s", (int)indent, "", accent);
	for (size_t i = 0; i < width && skip + i < LINE_SHOWN; i++) {
		buf_append_char(buf, '^');
	}
	buf_printf(buf, "%s\n", off);
	buf_fini(&before);
}

static void append_problem(const struct config_report *report, const struct config_problem *problem,
	struct buf *buf, bool colour)
{
	const char *strong = colour ? "\033[1m" : "";
	const char *accent = colour ? "\033[1;31m" : "";
	const char *off = colour ? "\033[0m" : "";

	buf_append_text(buf, strong);
	append_safe(buf, report->file != NULL ? report->file : "configuration", SIZE_MAX);
	if (problem->line > 0) {
		buf_printf(buf, ":%zu:%zu", problem->line, problem->column);
	}
	buf_printf(buf, ":%s %serror:%s ", off, accent, off);
	append_safe(buf, problem->message, SIZE_MAX);
	buf_append_char(buf, '\n');
	if (problem->line > 0 && problem->line_text != NULL) {
		append_source(problem, buf, accent, off);
	}
	if (problem->hint != NULL) {
		buf_append_text(buf, "        ");
		append_safe(buf, problem->hint, SIZE_MAX);
		buf_append_char(buf, '\n');
	}
}

void config_report_print(const struct config_report *report, struct buf *buf, bool colour)
{
	for (size_t i = 0; i < report->count; i++) {
		append_problem(report, &report->problems[i], buf, colour);
	}
	if (report->left_out > 0) {
		buf_printf(buf, "… and %zu more\n", report->left_out);
	}
}

bool config_report_error(const struct config_report *report, struct error *err)
{
	size_t more = report->count + report->left_out - 1;
	const char *file = report->file != NULL ? report->file : "configuration";

	if (report->count == 0) {
		return error_set(err, ERROR_CONFIG, "%s: not usable", file);
	}
	error_set(err, ERROR_CONFIG, "%s", report->problems[0].message);
	if (more > 0) {
		error_set(err, ERROR_CONFIG, "%s, and %zu more problem%s",
			report->problems[0].message, more, more == 1 ? "" : "s");
	}
	if (report->problems[0].line == 0) {
		return error_wrap(err, "%s", file);
	}
	return error_wrap(
		err, "%s:%zu:%zu", file, report->problems[0].line, report->problems[0].column);
}

/* Where the value of a secret starts in the line; NULL: no secret stands there. */
static char *find_secret(char *line)
{
	char *first = NULL;

	for (size_t i = 0; i < sizeof(secret_keys) / sizeof(secret_keys[0]); i++) {
		char *at = strstr(line, secret_keys[i]);
		if (at == NULL) {
			continue;
		}
		at += strlen(secret_keys[i]);
		at += strspn(at, " \t\"'");
		if (strncmp(at, "${", 2) != 0 && *at != '\0' && (first == NULL || at < first)) {
			first = at;
		}
	}
	return first;
}

const char *config_line(struct arena *arena, const char *text, size_t size, size_t line)
{
	size_t start = 0;

	for (size_t number = 1; number < line; number++) {
		const char *end = memchr(text + start, '\n', size - start);
		if (end == NULL) {
			return NULL;
		}
		start = (size_t)(end - text) + 1;
	}
	const char *end = memchr(text + start, '\n', size - start);
	size_t length = end != NULL ? (size_t)(end - text) - start : size - start;
	if (length > 0 && text[start + length - 1] == '\r') {
		length--;
	}
	char *copy = arena_alloc(arena, length + sizeof("***"));
	memcpy(copy, text + start, length);
	copy[length] = '\0';
	char *secret = find_secret(copy);
	if (secret != NULL) {
		memcpy(secret, "***", sizeof("***"));
	}
	return copy;
}
