#include "store/record.h"

bool store_apps_has(const struct store_apps *apps, int app)
{
	if (apps->all) {
		return true;
	}
	for (size_t i = 0; i < apps->count; i++) {
		if (apps->ids[i] == app) {
			return true;
		}
	}
	return false;
}

const char *store_external_id(const struct store_resource *resource, int source)
{
	int64_t scope = store_scope_external(source, resource->type);

	for (size_t i = 0; i < resource->key_count; i++) {
		const struct store_key *key = &resource->keys[i];
		if (key->kind == STORE_KEY_EXTERNAL_ID && key->scope == scope) {
			return key->value;
		}
	}
	return NULL;
}
