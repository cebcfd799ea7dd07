#include "cli/output.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "base/buf.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cli/cli.h"

#define SCHEMA_VERSION 1
#define GAP 2 /* blanks between two columns */

struct cell {
	char *text; /* escaped */
	size_t width;
	enum cli_tone tone;
};

struct cli_table {
	size_t columns;
	size_t *widths;
	bool *right;
	struct cell *cells;
	size_t count;
	size_t capacity;
	struct cell *titles;
	bool titles_done;
};

/* ---- text ---- */

/* East Asian wide characters and emoji take two columns, combining marks none. Coarse ranges. */
static size_t point_width(uint32_t point)
{
	if ((point >= 0x300 && point <= 0x36f) || (point >= 0xfe00 && point <= 0xfe0f)) {
		return 0;
	}
	bool wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
		    (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
		    (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
		    (point >= 0xffe0 && point <= 0xffe6) ||
		    (point >= 0x1f300 && point <= 0x1faff) ||
		    (point >= 0x20000 && point <= 0x3fffd);
	return wide ? 2 : 1;
}

/* Appends text, escaped where a line could be made to say something else; returns its width in
 * columns. */
static size_t append_safe(struct buf *buf, const char *text)
{
	size_t size = strlen(text);
	size_t width = 0;

	for (size_t i = 0; i < size;) {
		uint32_t point;
		size_t step = utf8_read(text + i, size - i, &point);
		size_t before = buf->size;
		if (step == 0) {
			buf_printf(buf, "\\x{%02x}", (unsigned char)text[i]);
			step = 1;
			width += buf->size - before;
		} else if (utf8_is_shown(point)) {
			buf_append(buf, text + i, step);
			width += point_width(point);
		} else {
			buf_printf(buf, "\\u{%x}", (unsigned)point);
			width += buf->size - before;
		}
		i += step;
	}
	return width;
}

void cli_add_safe(struct buf *buf, const char *text)
{
	append_safe(buf, text);
}

void cli_print_safe(FILE *out, const char *text)
{
	struct buf buf = { 0 };

	append_safe(&buf, text);
	fputs(buf_text(&buf), out);
	buf_fini(&buf);
}

static const char *const tones[] = {
	[CLI_PLAIN] = "",
	[CLI_GOOD] = "\033[32m",
	[CLI_BAD] = "\033[31m",
	[CLI_WARN] = "\033[33m",
	[CLI_DIM] = "\033[2m",
	[CLI_STRONG] = "\033[1m",
};

const char *cli_tone_begin(const struct cli *cli, enum cli_tone tone)
{
	return cli->out_colour ? tones[tone] : "";
}

const char *cli_tone_end(const struct cli *cli, enum cli_tone tone)
{
	return cli->out_colour && tone != CLI_PLAIN ? "\033[0m" : "";
}

/* ---- tables ---- */

static struct cell make_cell(const char *text, enum cli_tone tone)
{
	struct buf buf = { 0 };
	size_t width = append_safe(&buf, text);
	struct cell cell = { .text = must_strdup(buf_text(&buf)), .width = width, .tone = tone };

	buf_fini(&buf);
	return cell;
}

struct cli_table *cli_table_new(const char *const *titles, size_t count)
{
	struct cli_table *table = must_calloc(1, sizeof(*table));

	assert(count > 0);
	table->columns = count;
	table->widths = must_calloc(count, sizeof(*table->widths));
	table->right = must_calloc(count, sizeof(*table->right));
	table->titles = must_calloc(count, sizeof(*table->titles));
	for (size_t i = 0; i < count; i++) {
		table->right[i] = titles[i][0] == '>';
		table->titles[i] = make_cell(titles[i] + table->right[i], CLI_DIM);
		table->widths[i] = table->titles[i].width;
	}
	return table;
}

static void forget_rows(struct cli_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		memory_free(table->cells[i].text);
	}
	table->count = 0;
}

void cli_table_free(struct cli_table *table)
{
	if (table == NULL) {
		return;
	}
	forget_rows(table);
	for (size_t i = 0; i < table->columns; i++) {
		memory_free(table->titles[i].text);
	}
	memory_free(table->cells);
	memory_free(table->titles);
	memory_free(table->right);
	memory_free(table->widths);
	memory_free(table);
}

void cli_table_cleanup(struct cli_table **table)
{
	cli_table_free(*table);
}

void cli_table_cell(struct cli_table *table, enum cli_tone tone, const char *format, ...)
{
	struct buf buf = { 0 };

	if (format == NULL) {
		buf_append_char(&buf, '-');
	} else {
		char *text = NULL;
		va_list arguments;
		va_start(arguments, format);
		int size = vasprintf(&text, format, arguments);
		va_end(arguments);
		buf_append(&buf, size >= 0 ? text : "?", size >= 0 ? (size_t)size : 1);
		memory_free(size >= 0 ? text : NULL);
	}
	if (table->count == table->capacity) {
		table->capacity = table->capacity > 0 ? table->capacity * 2 : 64;
		table->cells = must_realloc(table->cells, table->capacity * sizeof(*table->cells));
	}
	struct cell cell = make_cell(buf_text(&buf), tone);
	size_t column = table->count % table->columns;
	if (cell.width > table->widths[column]) {
		table->widths[column] = cell.width;
	}
	table->cells[table->count++] = cell;
	buf_fini(&buf);
}

/* The bytes of text that fit into `room` columns, with one left for "…". */
static size_t cut(const char *text, size_t room)
{
	size_t size = strlen(text);
	size_t width = 0;
	size_t i = 0;

	while (i < size) {
		uint32_t point;
		size_t step = utf8_read(text + i, size - i, &point);
		width += point_width(point);
		if (step == 0 || width > room - 1) {
			break;
		}
		i += step;
	}
	return i;
}

static void print_cell(const struct cli_table *table, const struct cli *cli, size_t column,
	const struct cell *cell, size_t room)
{
	bool last = column + 1 == table->columns;
	size_t width = cell->width;
	size_t bytes = strlen(cell->text);
	bool shortened = last && room > 0 && width > room;

	if (shortened) {
		bytes = cut(cell->text, room);
		width = room;
	}
	size_t pad = width < table->widths[column] ? table->widths[column] - width : 0;
	fprintf(cli->out, "%*s%s%.*s%s%s", table->right[column] ? (int)pad : 0, "",
		cli_tone_begin(cli, cell->tone), (int)bytes, cell->text, shortened ? "…" : "",
		cli_tone_end(cli, cell->tone));
	if (!last) {
		fprintf(cli->out, "%*s", (int)(table->right[column] ? 0 : pad) + GAP, "");
	}
}

static void print_row(
	const struct cli_table *table, const struct cli *cli, const struct cell *cells)
{
	size_t before = 0; /* columns used by all but the last */

	for (size_t i = 0; i + 1 < table->columns; i++) {
		before += table->widths[i] + GAP;
	}
	size_t all = (size_t)cli->out_columns;
	/* A last column of a few letters says nothing: then the terminal may wrap. */
	size_t room = cli->out_columns > 0 && all > before + 10 ? all - before : 0;
	for (size_t i = 0; i < table->columns; i++) {
		print_cell(table, cli, i, &cells[i], room);
	}
	fputc('\n', cli->out);
}

void cli_table_flush(struct cli_table *table, const struct cli *cli)
{
	assert(table->count % table->columns == 0); /* ours: a row is not finished */
	if (!table->titles_done) {
		print_row(table, cli, table->titles);
		table->titles_done = true;
	}
	for (size_t i = 0; i < table->count; i += table->columns) {
		print_row(table, cli, &table->cells[i]);
	}
	forget_rows(table);
	fflush(cli->out);
}

void cli_table_print(struct cli_table *table, const struct cli *cli, const char *empty)
{
	if (table->count == 0) {
		cli_say(cli, "%s", empty);
		return;
	}
	cli_table_flush(table, cli);
}

/* ---- JSON ---- */

void cli_print_json_members(const struct cli *cli, json_t *object)
{
	json_auto_t *whole = json_object();

	json_object_set_new(whole, "schemaVersion", json_integer(SCHEMA_VERSION));
	json_object_update(whole, object);
	json_decref(object);
	json_dumpf(whole, cli->out, JSON_INDENT(2));
	fputc('\n', cli->out);
}

void cli_print_json(const struct cli *cli, const char *name, json_t *value)
{
	json_t *object = json_object();

	json_object_set_new(object, name, value);
	cli_print_json_members(cli, object);
}

void cli_print_json_line(const struct cli *cli, json_t *object)
{
	json_auto_t *line = json_object();

	json_object_set_new(line, "schemaVersion", json_integer(SCHEMA_VERSION));
	json_object_update(line, object);
	json_decref(object);
	json_dumpf(line, cli->out, JSON_COMPACT);
	fputc('\n', cli->out);
	fflush(cli->out);
}

/* ---- time ---- */

void cli_age(int64_t us, int64_t now_us, char text[16])
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	int64_t seconds = (now_us - us) / 1000000;
	bool future = seconds < 0;

	if (future) {
		seconds = -seconds;
	}
	if (seconds < 2) {
		snprintf(text, 16, "now");
		return;
	}
	size_t i = 0;
	while (seconds < units[i].seconds) {
		i++;
	}
	int64_t count = seconds / units[i].seconds;
	if (count > 999999) {
		count = 999999;
	}
	snprintf(text, 16, future ? "in %" PRId64 "%c" : "%" PRId64 "%c ago", count, units[i].unit);
}
