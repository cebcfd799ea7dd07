#include "gateway/names.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/quota.h"
#include "scim/dialect.h"
#include "scim/filter.h"
#include "scim/key.h"
#include "scim/schema.h"
#include "store/record.h"
#include "store/store.h"

static bool resolve_dialect(struct gateway_source *source, struct error *err)
{
	const struct scim_dialect *known = scim_dialect_find(source->config->dialect);

	if (known == NULL) {
		return error_set(err, ERROR_CONFIG,
			"there is no dialect '%s'; `scimward source dialects` lists them",
			source->config->dialect);
	}
	source->dialect = &source->own_dialect;
	return scim_dialect_changed(known, source->config->quirks, &source->own_dialect, err);
}

static bool resolve_source(struct gateway *gateway, size_t index, struct error *err)
{
	const struct config_source *config = &gateway->config->sources[index];
	struct gateway_source *source = &gateway->sources[index];

	source->config = config;
	source->index = index;
	source->quota = must_calloc(1, sizeof(*source->quota));
	if (!resolve_dialect(source, err)) {
		return error_wrap(err, "sources.%s", config->name);
	}
	return store_name_get(gateway->store, STORE_NAME_SOURCE, config->name, &source->id, err) &&
	       store_name_get(
		       gateway->store, STORE_NAME_TENANT, config->tenant, &source->tenant, err);
}

static bool looks_at_groups(const struct scim_filter *filter)
{
	if (filter == NULL) {
		return false;
	}
	return (filter->ref.attribute != NULL && filter->ref.attribute->place == SCIM_IS_GROUPS) ||
	       looks_at_groups(filter->left) || looks_at_groups(filter->right);
}

/* A filter that does not parse must not start a gateway: it would decide who has an account. */
static bool check_filter(const struct scim_model *model, const char *app, const char *type,
	const char *text, bool *groups, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct scim_filter *filter;

	if (text == NULL) {
		return true;
	}
	filter = scim_filter_parse(
		arena, scim_model_type(model, type), text, strlen(text), false, err);
	if (filter == NULL) {
		err->code = ERROR_CONFIG;
		return error_wrap(err, "apps.%s: filter", app);
	}
	*groups = looks_at_groups(filter);
	return true;
}

static bool resolve_app(struct gateway *gateway, size_t index, struct error *err)
{
	const struct scim_model *model = gateway->model;
	const struct config_app *config = &gateway->config->apps[index];
	struct gateway_app *app = &gateway->apps[index];
	bool ignored;

	app->config = config;
	app->takes_groups = config->groups.filter != NULL;
	return check_filter(model, config->name, "User", config->filter, &app->names_groups, err) &&
	       check_filter(model, config->name, "Group", config->groups.filter, &ignored, err) &&
	       store_name_get(gateway->store, STORE_NAME_APP, config->name, &app->id, err) &&
	       store_name_get(gateway->store, STORE_NAME_TENANT, config->tenant, &app->tenant, err);
}

static bool resolve_type(struct gateway *gateway, size_t index, struct error *err)
{
	const struct scim_resource_type *type = &gateway->model->types[index];
	int number;

	if (type->is_person || type->has_members) {
		gateway->types[index] = type->is_person ? STORE_USER : STORE_GROUP;
		return true;
	}
	if (!store_name_get(gateway->store, STORE_NAME_TYPE, type->name, &number, err)) {
		return false;
	}
	gateway->types[index] = STORE_CUSTOM + number - 1;
	return true;
}

static bool resolve_key(struct gateway *gateway, size_t index, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *name = scim_key_name(arena, gateway->model->unique[index]);
	int number;

	if (!store_name_get(gateway->store, STORE_NAME_KEY, name, &number, err)) {
		return false;
	}
	gateway->keys[index] = STORE_KEY_CUSTOM + number - 1;
	return true;
}

static bool resolve_model(struct gateway *gateway, struct error *err)
{
	const struct scim_model *model = gateway->model;

	gateway->types = must_calloc(model->type_count, sizeof(*gateway->types));
	gateway->keys = must_calloc(model->unique_count + 1, sizeof(*gateway->keys));
	for (size_t i = 0; i < model->type_count; i++) {
		if (!resolve_type(gateway, i, err)) {
			return false;
		}
	}
	for (size_t i = 0; i < model->unique_count; i++) {
		if (!resolve_key(gateway, i, err)) {
			return false;
		}
	}
	return true;
}

int gateway_store_type(const struct gateway *gateway, const struct scim_resource_type *type)
{
	return gateway->types[type->index];
}

struct store_key names_store_key(const struct gateway *gateway, int tenant, int source,
	const struct scim_resource_type *type, const struct scim_key *key)
{
	struct store_key row = { .unique = key->unique, .value = key->text, .size = key->size };

	switch (key->kind) {
	case SCIM_KEY_USER_NAME:
		row.kind = STORE_KEY_USER_NAME;
		row.scope = tenant;
		break;
	case SCIM_KEY_DISPLAY_NAME:
		row.kind = STORE_KEY_GROUP_NAME;
		row.scope = tenant;
		break;
	case SCIM_KEY_EXTERNAL_ID:
		row.kind = STORE_KEY_EXTERNAL_ID;
		row.scope = store_scope_external(
			source, (enum store_type)gateway_store_type(gateway, type));
		break;
	case SCIM_KEY_EMAIL:
		row.kind = STORE_KEY_EMAIL;
		row.scope = tenant;
		break;
	case SCIM_KEY_NONE:
	case SCIM_KEY_ID:
	case SCIM_KEY_MEMBER:
		break;
	default: {
		size_t index = (size_t)(key->kind - SCIM_KEY_CUSTOM);

		row.kind = gateway->keys[index];
		row.scope = gateway->model->unique[index]->uniqueness == SCIM_GLOBAL ? 0 : tenant;
		break;
	}
	}
	return row;
}

bool names_resolve(struct gateway *gateway, struct error *err)
{
	const struct config *config = gateway->config;

	gateway->sources = must_calloc(config->source_count + 1, sizeof(*gateway->sources));
	gateway->apps = must_calloc(config->app_count + 1, sizeof(*gateway->apps));
	if (!resolve_model(gateway, err)) {
		return false;
	}
	for (size_t i = 0; i < config->source_count; i++) {
		if (!resolve_source(gateway, i, err)) {
			return false;
		}
		gateway->source_count++;
	}
	for (size_t i = 0; i < config->app_count; i++) {
		if (!resolve_app(gateway, i, err)) {
			return false;
		}
		gateway->app_count++;
	}
	return true;
}

void names_free(struct gateway *gateway)
{
	for (size_t i = 0; gateway->sources != NULL && i < gateway->config->source_count; i++) {
		memory_free(gateway->sources[i].quota);
	}
	memory_free(gateway->sources);
	memory_free(gateway->apps);
	memory_free(gateway->types);
	memory_free(gateway->keys);
}

const struct gateway_source *gateway_find_source(const struct gateway *gateway, const char *name)
{
	for (size_t i = 0; i < gateway->source_count; i++) {
		if (strcmp(gateway->sources[i].config->name, name) == 0) {
			return &gateway->sources[i];
		}
	}
	return NULL;
}

const struct gateway_app *gateway_find_app(const struct gateway *gateway, const char *name)
{
	for (size_t i = 0; i < gateway->app_count; i++) {
		if (strcmp(gateway->apps[i].config->name, name) == 0) {
			return &gateway->apps[i];
		}
	}
	return NULL;
}

const struct gateway_source *gateway_source_of_id(const struct gateway *gateway, int id)
{
	for (size_t i = 0; i < gateway->source_count; i++) {
		if (gateway->sources[i].id == id) {
			return &gateway->sources[i];
		}
	}
	return NULL;
}

const struct gateway_app *gateway_app_of_id(const struct gateway *gateway, int id)
{
	for (size_t i = 0; i < gateway->app_count; i++) {
		if (gateway->apps[i].id == id) {
			return &gateway->apps[i];
		}
	}
	return NULL;
}
