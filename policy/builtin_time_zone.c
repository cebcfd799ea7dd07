/*
 * TZif files (RFC 8536): a list of instants at which the offset changes, and behind the last of
 * them a rule as POSIX writes it ("CET-1CEST,M3.5.0,M10.5.0/3").
 */
#include <ctype.h>
#include <string.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "policy/builtin_time.h"

#define FOLDER "/usr/share/zoneinfo/"
#define FILE_LIMIT (64 * 1024)
#define NAME_LIMIT 64
#define SHORT_NAME 16
#define HEADER 44

struct zone_type {
	int32_t offset;
	bool summer;
	char name[SHORT_NAME];
};

/* Mm.w.d/time: the w-th (5: last) weekday d of month m. Jn and n (days of the year) as well. */
struct zone_rule {
	char kind; /* 'M', 'J', 'N' */
	int month, week, day;
	int32_t time; /* seconds of the day, local */
};

struct policy_zone {
	size_t count;
	int64_t *instants;
	uint8_t *indices;
	size_t type_count;
	struct zone_type *types;
	size_t first; /* the type before the first instant */
	bool ruled;   /* the rule below holds behind the last instant */
	bool has_summer;
	struct zone_type winter_type, summer_type;
	struct zone_rule to_summer, to_winter;
};

/* ---- the rule behind the last instant ---- */

/* "CET", "<+03>" */
static bool take_name(const char **at, char name[SHORT_NAME])
{
	bool angle = **at == '<';
	size_t size = 0;

	*at += angle;
	while (**at != '\0' && (angle ? **at != '>' : isalpha((unsigned char)**at) != 0)) {
		if (size + 1 == SHORT_NAME) {
			return false;
		}
		name[size++] = *(*at)++;
	}
	name[size] = '\0';
	if (angle && *(*at)++ != '>') {
		return false;
	}
	return size >= 3;
}

static bool take_int(const char **at, int most, int *number)
{
	int digits = 0;

	for (*number = 0; isdigit((unsigned char)**at) && digits < 4; (*at)++, digits++) {
		*number = *number * 10 + (**at - '0');
	}
	return digits > 0 && *number <= most;
}

/* "-1", "3:30", "-167:00:00" */
static bool take_time(const char **at, int32_t *seconds)
{
	int sign = **at == '-' ? -1 : 1;
	int parts[3] = { 0 };

	*at += **at == '-' || **at == '+';
	for (int i = 0; i < 3; i++) {
		if (!take_int(at, i == 0 ? 168 : 59, &parts[i])) {
			return false;
		}
		if (i == 2 || **at != ':') {
			break;
		}
		(*at)++;
	}
	*seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return true;
}

static bool take_rule(const char **at, struct zone_rule *rule)
{
	bool good;

	rule->kind = **at == 'M' || **at == 'J' ? *(*at)++ : 'N';
	if (rule->kind == 'M') {
		good = take_int(at, 12, &rule->month) && rule->month > 0 && *(*at)++ == '.' &&
		       take_int(at, 5, &rule->week) && rule->week > 0 && *(*at)++ == '.' &&
		       take_int(at, 6, &rule->day);
	} else {
		good = take_int(at, rule->kind == 'J' ? 365 : 364, &rule->day);
	}
	rule->time = 2 * 3600;
	if (good && **at == '/') {
		(*at)++;
		good = take_time(at, &rule->time);
	}
	return good;
}

/* The first characters that fit no more end it: the whole is then as if it were not there. */
static bool parse_rule(struct policy_zone *zone, const char *at)
{
	if (!take_name(&at, zone->winter_type.name) || !take_time(&at, &zone->winter_type.offset)) {
		return false;
	}
	zone->winter_type.offset = -zone->winter_type.offset; /* POSIX counts west of UTC */
	if (*at == '\0') {
		return true;
	}
	zone->has_summer = true;
	zone->summer_type.offset = zone->winter_type.offset + 3600;
	if (!take_name(&at, zone->summer_type.name)) {
		return false;
	}
	if (*at != ',') {
		if (!take_time(&at, &zone->summer_type.offset)) {
			return false;
		}
		zone->summer_type.offset = -zone->summer_type.offset;
	}
	return *at++ == ',' && take_rule(&at, &zone->to_summer) && *at++ == ',' &&
	       take_rule(&at, &zone->to_winter) && *at == '\0';
}

/* The instant of a change, in UTC: the rule's clock runs with the offset that ends. */
static int64_t change_of(const struct zone_rule *rule, int64_t year, int32_t offset)
{
	int64_t day;

	if (rule->kind == 'M') {
		int64_t first = policy_days_of(year, rule->month, 1);
		int weekday = policy_civil_of(first * 86400).weekday;
		int number = (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
		if (number >= policy_days_in(year, rule->month)) {
			number -= 7;
		}
		day = first + number;
	} else {
		bool after = rule->kind == 'J' && rule->day >= 60 && policy_days_in(year, 2) == 29;
		day = policy_days_of(year, 1, 1) + rule->day - (rule->kind == 'J') + after;
	}
	return day * 86400 + rule->time - offset;
}

static struct zone_period period_of(const struct zone_type *type, int64_t begin, int64_t end)
{
	return (struct zone_period){
		.begin = begin, .end = end, .offset = type->offset, .name = type->name
	};
}

static struct zone_period ruled_period(const struct policy_zone *zone, int64_t seconds)
{
	const struct zone_type *winter = &zone->winter_type;
	const struct zone_type *summer = &zone->summer_type;
	int64_t year = policy_civil_of(seconds + winter->offset).year;
	int64_t begin = INT64_MIN;
	const struct zone_type *type = winter;

	if (!zone->has_summer) {
		return period_of(winter, INT64_MIN, INT64_MAX);
	}
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t changes[2] = { change_of(&zone->to_summer, y, winter->offset),
			change_of(&zone->to_winter, y, summer->offset) };
		bool south = changes[1] < changes[0];
		for (int i = 0; i < 2; i++) {
			bool to_summer = (i == 0) != south;
			int64_t at = changes[to_summer ? 0 : 1];
			if (at > seconds) {
				return period_of(type, begin, at);
			}
			begin = at;
			type = to_summer ? summer : winter;
		}
	}
	return period_of(type, begin, INT64_MAX);
}

/* ---- the file ---- */

static uint32_t read_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static int64_t read_i64(const uint8_t *bytes)
{
	return (int64_t)((uint64_t)read_u32(bytes) << 32 | read_u32(bytes + 4));
}

struct tzif {
	size_t isut, isstd, leap, time, type, name;
};

static bool read_header(const uint8_t *bytes, size_t size, struct tzif *counts)
{
	if (size < HEADER || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2') {
		return false;
	}
	*counts = (struct tzif){ read_u32(bytes + 20), read_u32(bytes + 24), read_u32(bytes + 28),
		read_u32(bytes + 32), read_u32(bytes + 36), read_u32(bytes + 40) };
	return counts->isut < FILE_LIMIT && counts->isstd < FILE_LIMIT &&
	       counts->leap < FILE_LIMIT && counts->time < FILE_LIMIT && counts->type <= 256 &&
	       counts->name < FILE_LIMIT;
}

static size_t body_size(const struct tzif *counts, size_t time_size)
{
	return counts->time * (time_size + 1) + counts->type * 6 + counts->name +
	       counts->leap * (time_size + 4) + counts->isstd + counts->isut;
}

/* One block: the struct, then its arrays. */
static struct policy_zone *zone_new(const struct tzif *counts)
{
	size_t instants = sizeof(struct policy_zone);
	size_t types = instants + counts->time * sizeof(int64_t);
	size_t indices = types + counts->type * sizeof(struct zone_type);
	char *memory = must_calloc(1, indices + counts->time);
	struct policy_zone *zone = (struct policy_zone *)memory;

	zone->count = counts->time;
	zone->type_count = counts->type;
	zone->instants = (int64_t *)(memory + instants);
	zone->types = (struct zone_type *)(memory + types);
	zone->indices = (uint8_t *)(memory + indices);
	return zone;
}

static bool read_types(struct policy_zone *zone, const uint8_t *bytes, const struct tzif *counts)
{
	const char *names = (const char *)bytes + counts->type * 6;

	for (size_t i = 0; i < counts->type; i++, bytes += 6) {
		struct zone_type *type = &zone->types[i];
		size_t at = bytes[5];
		size_t size =
			at < counts->name ? strnlen(names + at, counts->name - at) : SHORT_NAME;
		if (size >= SHORT_NAME) {
			return false;
		}
		type->offset = (int32_t)read_u32(bytes);
		type->summer = bytes[4] != 0;
		memcpy(type->name, names + at, size);
		if (type->offset < -86400 * 7 || type->offset > 86400 * 7) {
			return false;
		}
	}
	return true;
}

/* Body of version 2: times of 64 bits, then the rule between newlines. */
static bool read_body(struct policy_zone *zone, const uint8_t *bytes, const struct tzif *counts,
	const uint8_t *end)
{
	for (size_t i = 0; i < zone->count; i++) {
		zone->instants[i] = read_i64(bytes + i * 8);
		zone->indices[i] = bytes[zone->count * 8 + i];
		if (zone->indices[i] >= zone->type_count ||
			(i > 0 && zone->instants[i] <= zone->instants[i - 1])) {
			return false;
		}
	}
	if (!read_types(zone, bytes + zone->count * 9, counts)) {
		return false;
	}
	/* As Go picks it: the first type if no change leads to it, else the first without summer.
	 */
	bool used = memchr(zone->indices, 0, zone->count) != NULL;
	for (size_t i = 0; used && zone->types[zone->first].summer && i < zone->type_count; i++) {
		zone->first = !zone->types[i].summer ? i : zone->first;
	}
	const uint8_t *rule = bytes + body_size(counts, 8);
	char text[128];
	if (end - rule < 2 || *rule != '\n') {
		return true;
	}
	const uint8_t *close = memchr(rule + 1, '\n', (size_t)(end - rule) - 1);
	size_t size = close != NULL ? (size_t)(close - rule) - 1 : 0;
	if (size == 0 || size >= sizeof(text)) {
		return true;
	}
	memcpy(text, rule + 1, size);
	text[size] = '\0';
	zone->ruled = parse_rule(zone, text);
	return true;
}

struct policy_zone *policy_zone_parse(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	const uint8_t *end = at + size;
	struct tzif counts;

	if (!read_header(at, size, &counts) || body_size(&counts, 4) + HEADER > size) {
		return NULL;
	}
	at += HEADER + body_size(&counts, 4);
	if (!read_header(at, (size_t)(end - at), &counts) || counts.type == 0 ||
		body_size(&counts, 8) + HEADER > (size_t)(end - at)) {
		return NULL;
	}
	struct policy_zone *zone = zone_new(&counts);
	if (!read_body(zone, at + HEADER, &counts, end)) {
		policy_zone_free(zone);
		return NULL;
	}
	return zone;
}

static bool is_good_name(const char *name, size_t size)
{
	bool good = size > 0 && size <= NAME_LIMIT && name[0] != '/' && name[0] != '.';

	for (size_t i = 0; i < size && good; i++) {
		good = isalnum((unsigned char)name[i]) || strchr("_+-", name[i]) != NULL ||
		       (name[i] == '/' && i + 1 < size && name[i + 1] != '/');
	}
	return good;
}

struct policy_zone *policy_zone_load(const char *name, size_t size, struct error *err)
{
	char path[sizeof(FOLDER) + NAME_LIMIT];
	struct buf buf = { 0 };
	struct policy_zone *zone = NULL;

	if (is_good_name(name, size)) {
		memcpy(path, FOLDER, sizeof(FOLDER));
		memcpy(path + sizeof(FOLDER) - 1, name, size);
		path[sizeof(FOLDER) - 1 + size] = '\0';
		if (file_read(path, FILE_LIMIT, &buf, NULL)) {
			zone = policy_zone_parse(buf_text(&buf), buf.size);
		}
		buf_fini(&buf);
	}
	if (zone == NULL) {
		error_set(err, ERROR_VALUE, "unknown time zone %.*s", (int)(size < 64 ? size : 64),
			name);
	}
	return zone;
}

void policy_zone_free(void *zone)
{
	memory_free(zone);
}

struct zone_period policy_zone_at(const struct policy_zone *zone, int64_t seconds)
{
	static const struct zone_type utc = { .name = "UTC" };

	if (zone == NULL) {
		return period_of(&utc, INT64_MIN, INT64_MAX);
	}
	size_t low = 0;
	size_t high = zone->count;
	while (low < high) { /* the first instant behind seconds */
		size_t middle = (low + high) / 2;
		if (zone->instants[middle] <= seconds) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == zone->count && zone->ruled) {
		struct zone_period period = ruled_period(zone, seconds);
		if (zone->count > 0 && period.begin < zone->instants[zone->count - 1]) {
			period.begin = zone->instants[zone->count - 1];
		}
		return period;
	}
	size_t type = low == 0 ? zone->first : zone->indices[low - 1];
	return period_of(&zone->types[type], low == 0 ? INT64_MIN : zone->instants[low - 1],
		low == zone->count ? INT64_MAX : zone->instants[low]);
}
