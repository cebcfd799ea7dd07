/*
 * How many connections each address has, and how many handshakes it may still start.
 * Shared by the workers of a server; touched when a connection comes and goes, never per request.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "io/address.h"

struct peers;

/* handshakes_per_second: refill of a bucket that holds `connections` of them. */
struct peers *peers_new(unsigned connections, unsigned handshakes_per_second);
void peers_free(struct peers *peers); /* NULL is fine */

/* Thread-safe. True: counted, and peers_leave() must follow. */
bool peers_enter(
	struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES], bool handshake, int64_t now_us);
void peers_leave(struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES], int64_t now_us);

/* Addresses that are remembered, for tests. */
unsigned peers_count(struct peers *peers);
