#include "io/reply_head.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/buf.h"
#include "io/server.h"

static void add(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

static void add_number(struct buf *buf, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_append(buf, digits + at, sizeof(digits) - at);
}

/* RFC 9110, 5.6.7; not strftime(), whose names depend on the locale. */
static void make_date(struct reply_date *date, time_t second)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	gmtime_r(&second, &tm);
	snprintf(date->text, sizeof(date->text), "%s, %02u %s %04u %02u:%02u:%02u GMT",
		days[tm.tm_wday], (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
		(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
		(unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	date->second = second;
}

static void add_date(struct buf *buf, struct reply_date *date)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != date->second) {
		make_date(date, now.tv_sec);
	}
	add(buf, date->text);
}

/* Headers that this file writes itself: another one beside it would be read in two ways. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { "Connection", "Content-Length", "Content-Type", "Date",
		"Keep-Alive", "Transfer-Encoding", "Upgrade", "X-Content-Type-Options",
		"Cache-Control" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strcasecmp(ours[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static bool add_header(struct buf *buf, const struct server_header *header)
{
	if (header->value == NULL) {
		return true;
	}
	size_t size = strlen(header->value);

	if (!http_name_is_safe(header->name) || !http_value_is_safe(header->value, size) ||
		is_ours(header->name)) {
		return false;
	}
	add(buf, header->name);
	buf_append(buf, ": ", 2);
	buf_append(buf, header->value, size);
	buf_append(buf, "\r\n", 2);
	return true;
}

static void add_status(struct buf *buf, int status)
{
	assert(status >= 200 && status <= 599);
	buf_append(buf, "HTTP/1.1 ", 9);
	add_number(buf, (uint64_t)status);
	buf_append_char(buf, ' ');
	add(buf, http_reason(status));
	add(buf, "\r\nDate: ");
}

static void add_framing(struct buf *buf, enum reply_framing framing, uint64_t length)
{
	if (framing == REPLY_LENGTH) {
		add(buf, "Content-Length: ");
		add_number(buf, length);
		buf_append(buf, "\r\n", 2);
	} else if (framing == REPLY_CHUNKED) {
		add(buf, "Transfer-Encoding: chunked\r\n");
	}
}

bool reply_head_append(struct buf *buf, struct reply_date *date, const struct server_reply *reply,
	enum reply_framing framing, uint64_t length, bool close)
{
	const char *caching = reply->cache_control != NULL ? reply->cache_control : "no-store";
	const struct server_header fixed[] = {
		{ "Cache-Control", caching },
		{ "Content-Type", reply->content_type },
	};

	add_status(buf, reply->status);
	add_date(buf, date);
	add(buf, "\r\nX-Content-Type-Options: nosniff\r\n");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].value == NULL) {
			continue;
		}
		if (!http_value_is_safe(fixed[i].value, strlen(fixed[i].value))) {
			return false;
		}
		add(buf, fixed[i].name);
		buf_append(buf, ": ", 2);
		add(buf, fixed[i].value);
		buf_append(buf, "\r\n", 2);
	}
	add_framing(buf, framing, length);
	for (size_t i = 0; i < reply->header_count; i++) {
		if (!add_header(buf, &reply->headers[i])) {
			return false;
		}
	}
	add(buf, close ? "Connection: close\r\n\r\n" : "\r\n");
	return true;
}
