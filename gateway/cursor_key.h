/*
 * cursor_key: the key that cursors are sealed with. Made at the first start, kept in the store's
 * settings, so that cursors survive restarts and reloads; never shown, never logged.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/seal.h"

struct error;
struct store;

/* Before the listener opens; waits for the disk when the key is new. ERROR_STORE. */
bool cursor_key_load(struct store *store, uint8_t key[SEAL_KEY_BYTES], struct error *err);
