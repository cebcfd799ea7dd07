#include "config/scalar.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "config/keys.h"
#include "config/secret_ref.h"
#include "config/suggest.h"

struct unit {
	const char *name;
	int64_t factor;
};

typedef bool set_fn(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err);

/* Digits and then exactly one of the units. */
static bool parse_unit(const char *text, const struct unit *units, size_t count, int64_t *result)
{
	char *end;

	if (text[0] < '0' || text[0] > '9') {
		return false;
	}
	errno = 0;
	intmax_t number = strtoimax(text, &end, 10);
	if (errno != 0) {
		return false;
	}
	while (*end == ' ') {
		end++;
	}
	for (size_t i = 0; i < count; i++) {
		int64_t product;
		if (strcmp(end, units[i].name) == 0 &&
			!__builtin_mul_overflow((int64_t)number, units[i].factor, &product)) {
			*result = product;
			return true;
		}
	}
	return false;
}

bool config_parse_time(const char *text, int64_t *ms)
{
	static const struct unit units[] = {
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60 * 1000 },
		{ "h", 3600 * 1000 },
	};

	if (strcmp(text, "0") == 0) {
		*ms = 0;
		return true;
	}
	return parse_unit(text, units, sizeof(units) / sizeof(units[0]), ms);
}

bool config_parse_bytes(const char *text, int64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "KiB", 1024 },
		{ "MiB", 1024 * 1024 },
		{ "GiB", 1024 * 1024 * 1024 },
	};

	return parse_unit(text, units, sizeof(units) / sizeof(units[0]), bytes);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool config_parse_digest(const char *text, uint8_t digest[32])
{
	if (strlen(text) != 64) {
		return false;
	}
	for (size_t i = 0; i < 32; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0) {
			return false;
		}
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool is_host(const char *host, bool bracketed)
{
	uint8_t binary[16];

	if (bracketed) {
		return inet_pton(AF_INET6, host, binary) == 1;
	}
	return host[0] != '\0' &&
	       host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789.-_")] == '\0';
}

bool config_parse_address(const char *text, char *host, size_t size, uint16_t *port)
{
	bool bracketed = text[0] == '[';
	const char *start = bracketed ? text + 1 : text;
	const char *end = bracketed ? strstr(text, "]:") : strrchr(text, ':');

	if (end == NULL || (size_t)(end - start) >= size) {
		return false;
	}
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	const char *digits = end + (bracketed ? 2 : 1);
	if (digits[0] == '\0' || strlen(digits) > 5 ||
		digits[strspn(digits, "0123456789")] != '\0') {
		return false;
	}
	unsigned long number = strtoul(digits, NULL, 10);
	if (number > 65535 || !is_host(host, bracketed)) {
		return false;
	}
	*port = (uint16_t)number;
	return true;
}

bool config_is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcmp(host, "localhost") == 0) {
		return true;
	}
	if (inet_pton(AF_INET, host, &four) == 1) {
		return (ntohl(four.s_addr) >> 24) == 127;
	}
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* ---- one function per type ---- */

static bool check_length(const struct config_key *key, const char *text, struct error *err)
{
	int64_t size = (int64_t)strlen(text);

	if (size == 0) {
		return error_set(err, ERROR_CONFIG, "may not be empty");
	}
	if (key->max > 0 && size > key->max) {
		return error_set(err, ERROR_CONFIG,
			"is %" PRId64 " bytes long, at most %" PRId64 " are allowed", size,
			key->max);
	}
	return true;
}

static bool set_text(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	(void)folder;
	if (!check_length(key, text, err)) {
		return false;
	}
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			return error_set(err, ERROR_CONFIG, "holds a control character");
		}
	}
	*(const char **)field = arena_strdup(arena, text);
	return true;
}

static bool set_name(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	if (!check_length(key, text, err)) {
		return false;
	}
	if (text[strspn(text, letters)] != '\0' || strchr("-_.", text[0]) != NULL) {
		return error_set(err, ERROR_CONFIG,
			"'%.64s' is no name: lower-case letters, digits, '-', '_' and '.', a "
			"letter or digit "
			"first",
			text);
	}
	return set_text(key, arena, folder, text, field, err);
}

static bool set_address(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	char host[256];
	uint16_t port;

	if (text[0] == '\0' && (key->flags & CONFIG_EMPTY) != 0) {
		*(const char **)field = NULL;
		return true;
	}
	if (!config_parse_address(text, host, sizeof(host), &port)) {
		return error_set(err, ERROR_CONFIG,
			"'%.100s' is no address: want host:port, such as 127.0.0.1:8443 or "
			"[::1]:8443",
			text);
	}
	return set_text(key, arena, folder, text, field, err);
}

static bool set_path(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	CLEANUP(buf_fini) struct buf path = { 0 };

	if (!check_length(key, text, err)) {
		return false;
	}
	config_resolve(folder, text, &path);
	return set_text(key, arena, folder, buf_text(&path), field, err);
}

/* Only what the rules of a URL in a configuration need; the HTTP client parses it again. */
static bool set_url(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	size_t size = strlen(text);
	size_t scheme = strncmp(text, "https://", 8) == 0  ? 8
			: strncmp(text, "http://", 7) == 0 ? 7
							   : 0;

	if (scheme == 0 || text[scheme] == '\0' || text[scheme] == '/') {
		return error_set(
			err, ERROR_CONFIG, "'%.100s' is no URL: want https://host/path", text);
	}
	if (text[strcspn(text, " \"<>\\^`{|}")] != '\0') {
		return error_set(
			err, ERROR_CONFIG, "a URL may not hold spaces, quotes or brackets");
	}
	if (memchr(text, '@', scheme + strcspn(text + scheme, "/?#")) != NULL) {
		return error_set(
			err, ERROR_CONFIG, "a URL may not hold a user or password; use `token`");
	}
	if (strpbrk(text, "?#") != NULL) {
		return error_set(err, ERROR_CONFIG, "a base URL may not hold '?' or '#'");
	}
	while (size > scheme + 1 && text[size - 1] == '/') {
		size--;
	}
	return set_text(key, arena, folder, arena_text(arena, text, size), field, err);
}

bool config_is_url(const char *location)
{
	return location != NULL && strstr(location, "://") != NULL;
}

static bool set_location(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	return config_is_url(text) ? set_url(key, arena, folder, text, field, err)
				   : set_path(key, arena, folder, text, field, err);
}

static bool set_endpoint(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	if (config_unix_socket(text) == NULL) {
		return set_url(key, arena, folder, text, field, err);
	}
	return config_check_unix_socket(text, err) &&
	       set_text(key, arena, folder, text, field, err);
}

static bool set_store(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	static const char sqlite[] = "sqlite:";
	struct config_store *store = field;
	CLEANUP(buf_fini) struct buf path = { 0 };

	if (strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0) {
		return error_set(err, ERROR_CONFIG,
			"PostgreSQL is not supported by this version; use "
			"sqlite:FILE");
	}
	if (strncmp(text, sqlite, strlen(sqlite)) != 0 || text[strlen(sqlite)] == '\0') {
		return error_set(err, ERROR_CONFIG, "'%.100s' is no store: want sqlite:FILE", text);
	}
	if (!set_text(key, arena, folder, text, &store->url, err)) {
		return false;
	}
	config_resolve(folder, text + strlen(sqlite), &path);
	store->path = arena_strdup(arena, buf_text(&path));
	return true;
}

/* Place of text among the words of the row. */
static bool find_word(
	const struct config_key *key, const char *text, size_t *place, struct error *err)
{
	char words[256];
	struct config_suggestion suggestion = { .name = text };
	char *rest = words;
	char *word;

	snprintf(words, sizeof(words), "%s", key->words);
	for (size_t i = 0; (word = strsep(&rest, " ")) != NULL; i++) {
		if (strcmp(word, text) == 0) {
			*place = i;
			return true;
		}
		config_suggest(&suggestion, word);
	}
	if (suggestion.best != NULL) {
		return error_set(err, ERROR_CONFIG, "'%.64s' is none of: %s; did you mean '%s'?",
			text, key->words, suggestion.best);
	}
	return error_set(err, ERROR_CONFIG, "'%.64s' is none of: %s", text, key->words);
}

static bool set_word(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	size_t place;

	(void)folder;
	if (!find_word(key, text, &place, err)) {
		return false;
	}
	*(const char **)field = arena_strdup(arena, text);
	return true;
}

static bool set_choice(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	size_t place;

	(void)arena;
	(void)folder;
	if (!find_word(key, text, &place, err)) {
		return false;
	}
	*(unsigned *)field = (unsigned)place; /* enums without negative values are unsigned */
	return true;
}

static bool set_bool(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	(void)key;
	(void)arena;
	(void)folder;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
		return error_set(err, ERROR_CONFIG, "'%.64s' is neither true nor false", text);
	}
	*(bool *)field = text[0] == 't';
	return true;
}

static bool set_number(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	static const struct unit units[] = { { "", 1 } };
	int64_t number;

	(void)arena;
	(void)folder;
	if (!parse_unit(text, units, 1, &number)) {
		return error_set(err, ERROR_CONFIG, "'%.64s' is no whole number", text);
	}
	if (number < key->min || number > key->max) {
		return error_set(err, ERROR_CONFIG,
			"%" PRId64 " is out of range: %" PRId64 " to %" PRId64, number, key->min,
			key->max);
	}
	*(int64_t *)field = number;
	return true;
}

static bool set_bytes(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	int64_t bytes;

	(void)arena;
	(void)folder;
	if (!config_parse_bytes(text, &bytes)) {
		return error_set(err, ERROR_CONFIG,
			"'%.64s' is no size: want a number of bytes, or with KiB, MiB, GiB", text);
	}
	if (bytes < key->min || bytes > key->max) {
		return error_set(err, ERROR_CONFIG,
			"'%.64s' is out of range: %" PRId64 " to %" PRId64 " bytes", text, key->min,
			key->max);
	}
	*(int64_t *)field = bytes;
	return true;
}

static bool set_time(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	int64_t ms;

	(void)arena;
	(void)folder;
	if (!config_parse_time(text, &ms)) {
		return error_set(err, ERROR_CONFIG,
			"'%.64s' is no duration: want a number with ms, s, m or h, such as 10s",
			text);
	}
	if (ms < key->min || ms > key->max) {
		return error_set(err, ERROR_CONFIG,
			"'%.64s' is out of range: %" PRId64 " to %" PRId64 " milliseconds", text,
			key->min, key->max);
	}
	*(int64_t *)field = ms;
	return true;
}

static bool set_secret(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	(void)arena;
	(void)folder;
	if (!check_length(key, text, err)) {
		return false;
	}
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < 0x21 || *at == 0x7f) { /* it becomes part of a header: VCHAR only */
			return error_set(err, ERROR_CONFIG,
				"holds a character that no header may carry (spaces, line breaks "
				"and "
				"non-ASCII are not allowed)");
		}
	}
	secret_free(*(struct secret **)field);
	*(struct secret **)field = secret_new(text, strlen(text));
	return true;
}

static bool set_digest(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	(void)key;
	(void)arena;
	(void)folder;
	if (!config_parse_digest(text, ((struct config_digest *)field)->bytes)) {
		return error_set(err, ERROR_CONFIG,
			"this is no SHA-256: want 64 hex digits (printf %%s TOKEN | sha256sum)");
	}
	return true;
}

static set_fn *const setters[] = {
	[CONFIG_TEXT] = set_text,
	[CONFIG_NAME] = set_name,
	[CONFIG_ADDRESS] = set_address,
	[CONFIG_PATH] = set_path,
	[CONFIG_URL] = set_url,
	[CONFIG_LOCATION] = set_location,
	[CONFIG_ENDPOINT] = set_endpoint,
	[CONFIG_STORE] = set_store,
	[CONFIG_WORD] = set_word,
	[CONFIG_CHOICE] = set_choice,
	[CONFIG_BOOL] = set_bool,
	[CONFIG_NUMBER] = set_number,
	[CONFIG_BYTES] = set_bytes,
	[CONFIG_TIME] = set_time,
	[CONFIG_SECRET] = set_secret,
	[CONFIG_DIGESTS] = set_digest,
};

bool config_scalar_set(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err)
{
	return setters[key->type](key, arena, folder, text, field, err);
}
