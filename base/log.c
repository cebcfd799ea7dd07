#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"

static _Atomic int least_level = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

void log_set_level(enum log_level level)
{
	least_level = (int)level;
}

void log_set_fd(int fd)
{
	log_fd = fd;
}

/* Characters that a terminal or a viewer may take for more than text (Trojan Source, log forging).
 */
static bool is_treacherous(uint32_t point)
{
	return (point >= 0x7f && point <= 0x9f) || point == 0xad || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
	       (point >= 0xe0000 && point <= 0xe007f);
}

static void append_escaped(struct buf *line, uint32_t point)
{
	if (point >= 0x10000) {
		buf_printf(line, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
			0xdc00 + ((point - 0x10000) & 0x3ff));
	} else {
		buf_printf(line, "\\u%04x", point);
	}
}

/* As buf_append_json_text(), and nothing invisible stays as it is. */
static void append_text(struct buf *line, const char *text)
{
	size_t size = strlen(text);
	uint32_t point = 0;

	buf_append_char(line, '"');
	for (size_t i = 0, step; i < size; i += step) {
		step = utf8_read(text + i, size - i, &point);
		if (step == 0) {
			buf_append_text(line, "\\ufffd");
			step = 1;
		} else if (point == '"' || point == '\\') {
			buf_append_char(line, '\\');
			buf_append_char(line, (char)point);
		} else if (point < 0x20 || is_treacherous(point)) {
			append_escaped(line, point);
		} else {
			buf_append(line, text + i, step);
		}
	}
	buf_append_char(line, '"');
}

/* One write for the line, so that lines of several threads do not mix. What cannot be written is
 * lost. */
static void write_line(const struct buf *line)
{
	size_t done = 0;

	while (done < line->size) {
		ssize_t written = write(log_fd, line->data + done, line->size - done);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return;
		}
		done += (size_t)written;
	}
}

void log_event(enum log_level level, const char *event, ...)
{
	CLEANUP(buf_fini) struct buf line = { 0 };
	char now[CLOCK_TEXT_BYTES];
	va_list pairs;
	const char *name;

	if ((int)level < least_level) {
		return;
	}
	clock_format(clock_now_us(), now);
	buf_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", now, level_names[level]);
	append_text(&line, event);
	va_start(pairs, event);
	while ((name = va_arg(pairs, const char *)) != NULL) {
		const char *text = va_arg(pairs, const char *);

		if (text == NULL) {
			continue;
		}
		buf_append_char(&line, ',');
		append_text(&line, name);
		buf_append_char(&line, ':');
		append_text(&line, text);
	}
	va_end(pairs);
	buf_append_text(&line, "}\n");
	write_line(&line);
}
