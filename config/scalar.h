/*
 * One text of the configuration → one field, by the type of its row.
 *
 * Pure but for CONFIG_SECRET, whose copy is wiped by config_free(). Texts live in arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config_key;
struct error;

/*
 * Fills the field at `field`. folder: for paths. False: ERROR_CONFIG with a sentence that does not
 * name the key, because its place is printed beside it; `field` is as it was. Not for CONFIG_LIST.
 */
bool config_scalar_set(const struct config_key *key, struct arena *arena, const char *folder,
	const char *text, void *field, struct error *err);

/* "15m" → 900000; "250ms"; "1h". A bare number is refused but for 0. */
bool config_parse_time(const char *text, int64_t *ms);
/* "512", "64KiB", "16MiB", "1GiB". */
bool config_parse_bytes(const char *text, int64_t *bytes);
/* 64 hex digits, lower or upper case. */
bool config_parse_digest(const char *text, uint8_t digest[32]);

/* "127.0.0.1:8443", "[::1]:8443": host without brackets into host[size]. */
bool config_parse_address(const char *text, char *host, size_t size, uint16_t *port);
/* A location that is a URL and no path on this machine; false for NULL. */
bool config_is_url(const char *location);
/* 127.0.0.0/8, ::1, localhost. */
bool config_is_loopback(const char *host);
