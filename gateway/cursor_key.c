#include "gateway/cursor_key.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/secret.h"
#include "store/commit.h"
#include "store/read.h"

#define SETTING "gateway.cursor_key"

static bool make(struct store *store, uint8_t key[SEAL_KEY_BYTES], struct error *err)
{
	struct buf text = { 0 };

	random_bytes(key, SEAL_KEY_BYTES);
	encode_hex(&text, key, SEAL_KEY_BYTES);
	struct store_setting setting = { .name = SETTING, .value = buf_text(&text) };
	struct store_commit commit = {
		.now_us = clock_now_us(), .settings = &setting, .setting_count = 1
	};
	bool ok = store_commit_wait(store, &commit, err);

	secret_wipe(text.data, text.size);
	buf_fini(&text);
	return ok;
}

static bool read_key(
	struct store_reader *reader, uint8_t key[SEAL_KEY_BYTES], bool *found, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct buf bytes = { 0 };
	const char *text;

	if (!store_find_setting(reader, arena, SETTING, &text, err)) {
		return false;
	}
	/* One that is no key is as good as none: cursors of before are refused then. */
	*found = text != NULL && decode_hex(&bytes, text, strlen(text)) &&
		 bytes.size == SEAL_KEY_BYTES;
	if (*found) {
		memcpy(key, bytes.data, SEAL_KEY_BYTES);
	}
	if (bytes.size > 0) {
		secret_wipe(bytes.data, bytes.size);
	}
	buf_fini(&bytes);
	return true;
}

bool cursor_key_load(struct store *store, uint8_t key[SEAL_KEY_BYTES], struct error *err)
{
	struct store_reader *reader = store_reader_open(store, err);
	bool found = false;

	if (reader == NULL) {
		return false;
	}
	bool ok = read_key(reader, key, &found, err);
	store_reader_close(reader);
	return ok && (found || make(store, key, err));
}
