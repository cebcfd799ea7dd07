#include "config/bind.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/places.h"
#include "config/report.h"
#include "config/scalar.h"
#include "config/secret_ref.h"
#include "config/suggest.h"
#include "config/yaml.h"

struct binder {
	struct config *config;
	struct config_file *file;
	struct config_report *report;
	bool ok;
};

/* The struct that a run of rows fills: the config itself, or one item of a list. */
struct scope {
	const char *prefix;         /* of rows: "", "apps[]." */
	const char *shown;          /* for people: "", "apps[2]." */
	char *base;                 /* the struct */
	bool seen[CONFIG_KEYS_MAX]; /* rows that the file names */
};

static void complain(struct binder *binder, const char *path, const struct yaml_place *place,
	bool secret, const char *message, const char *hint)
{
	struct config_place where = {
		.path = path,
		.line = place->line,
		.column = place->column,
		.width = place->width,
		.secret = secret,
	};

	binder->ok = config_file_complain(binder->file, binder->report, &where, message, hint);
}

static void remember(struct binder *binder, const char *path, const struct yaml_node *node,
	const char *raw, bool secret)
{
	struct config_place place = {
		.path = path,
		.raw = raw,
		.line = node->place.line,
		.column = node->place.column,
		.width = node->place.width,
		.secret = secret,
	};

	config_place_add(binder->file, &place);
}

/* ---- scalars ---- */

static void wipe_buf(struct buf *buf)
{
	if (buf->data != NULL) {
		secret_wipe(buf->data, buf->capacity);
	}
	buf_fini(buf);
}

/* After this, a literal secret stands neither in the text nor in the tree. */
static void blank_secret(struct binder *binder, const struct yaml_node *node)
{
	config_file_blank(binder->file, node->place.start, node->place.end);
	secret_wipe(node->text, strlen(node->text));
}

static void bind_scalar(struct binder *binder, const struct config_key *key, const char *path,
	const struct yaml_node *node, void *field)
{
	CLEANUP(wipe_buf) struct buf text = { 0 };
	struct arena *arena = binder->file->arena;
	struct error err = { 0 };
	bool reference = false;

	if (node->kind != YAML_SCALAR) {
		const char *message = arena_printf(arena, "should be one value (%s), not a %s",
			config_type_name(key->type), node->kind == YAML_LIST ? "list" : "mapping");
		complain(binder, path, &node->place, key->type == CONFIG_SECRET, message, NULL);
		return;
	}
	if (yaml_is_null(node)) {
		complain(binder, path, &node->place, false, "has no value",
			"give it one, or remove the line to use the default");
		return;
	}
	/* Only a text that is a reference from end to end may be shown. */
	bool shown = strncmp(node->text, "${", 2) == 0 && strchr(node->text, '}') != NULL &&
		     strchr(node->text, '}')[1] == '\0';
	bool secret = key->type == CONFIG_SECRET && !shown;
	remember(binder, path, node, secret ? NULL : arena_strdup(arena, node->text), secret);
	const char *folder = binder->file->folder;
	bool read = key->type != CONFIG_SECRET || binder->file->secrets;
	bool ok = config_expand(read ? folder : NULL, node->text, &text, &reference, &err) &&
		  config_scalar_set(
			  key, arena, folder != NULL ? folder : "", buf_text(&text), field, &err);
	if (secret) {
		blank_secret(binder, node);
	}
	if (!ok) {
		complain(binder, path, &node->place, secret, err.text,
			reference ? "the value comes from the reference" : NULL);
	}
}

static void bind_digests(struct binder *binder, const struct config_key *key, const char *path,
	const struct yaml_node *node, char *base)
{
	struct config_digest *digests = (void *)(base + key->offset);
	size_t *count = (void *)(base + key->count_offset);

	if (node->kind != YAML_LIST) {
		bind_scalar(binder, key, path, node, digests);
		*count = 1;
		return;
	}
	if (node->count == 0 || (int64_t)node->count > key->max) {
		complain(binder, path, &node->place, false, "should be one or two digests", NULL);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const char *item = arena_printf(binder->file->arena, "%s[%zu]", path, i);
		bind_scalar(binder, key, item, node->items[i], &digests[i]);
	}
	remember(binder, path, node, NULL, false);
	*count = node->count;
}

/* ---- containers ---- */

static void bind_mapping(struct binder *binder, struct scope *scope, const char *section,
	const struct yaml_node *node);

static void apply_defaults(struct binder *binder, struct scope *scope)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		struct error err = { 0 };

		if (!config_key_is_in(key, scope->prefix) || key->fallback == NULL) {
			continue;
		}
		bool ok = config_scalar_set(key, binder->file->arena, "", key->fallback,
			scope->base + key->offset, &err);
		assert(ok); /* ours: a test walks all rows */
	}
}

static void check_required(
	struct binder *binder, const struct scope *scope, const struct yaml_node *node)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		if ((key->flags & CONFIG_REQUIRED) == 0 || scope->seen[i] ||
			!config_key_is_in(key, scope->prefix)) {
			continue;
		}
		const char *name = key->path + strlen(scope->prefix);
		struct arena *arena = binder->file->arena;
		complain(binder, arena_printf(arena, "%s%s", scope->shown, name), &node->place,
			false, arena_printf(arena, "'%s' is missing", name),
			key->example != NULL
				? arena_printf(arena, "for example  %s: %s", name, key->example)
				: NULL);
	}
}

static void bind_item(struct binder *binder, const struct config_key *list, size_t index,
	const struct yaml_node *node, char *base)
{
	struct arena *arena = binder->file->arena;
	struct scope scope = {
		.prefix = arena_printf(arena, "%s[].", list->path),
		.shown = arena_printf(arena, "%s[%zu].", list->path, index),
		.base = base,
	};

	apply_defaults(binder, &scope);
	if (node->kind != YAML_MAPPING) {
		complain(binder, scope.shown, &node->place, false,
			"should be a mapping with `name: …` and so on", NULL);
		return;
	}
	remember(binder, arena_printf(arena, "%s[%zu]", list->path, index), node, NULL, false);
	bind_mapping(binder, &scope, "", node);
	check_required(binder, &scope, node);
}

static void bind_list(struct binder *binder, const struct config_key *key, const char *path,
	const struct yaml_node *node, char *base)
{
	if (yaml_is_null(node)) {
		return;
	}
	if (node->kind != YAML_LIST) {
		complain(binder, path, &node->place, false, "should be a list",
			"begin each item with `- name: …`");
		return;
	}
	if ((int64_t)node->count > key->max) {
		complain(binder, path, &node->place, false,
			arena_printf(
				binder->file->arena, "has more than %" PRId64 " items", key->max),
			NULL);
		return;
	}
	remember(binder, path, node, NULL, false);
	char *items = arena_calloc(binder->file->arena, node->count + 1, key->item_bytes);
	*(void **)(base + key->offset) = items;
	*(size_t *)(void *)(base + key->count_offset) = node->count;
	for (size_t i = 0; i < node->count; i++) {
		bind_item(binder, key, i, node->items[i], items + i * key->item_bytes);
	}
}

static bool is_section(const char *path)
{
	size_t size = strlen(path);

	for (size_t i = 0; i < config_key_count; i++) {
		if (strncmp(config_keys[i].path, path, size) == 0 &&
			config_keys[i].path[size] == '.') {
			return true;
		}
	}
	return false;
}

/* The names that may stand where `name` does; and, when none is near, where the same name is known.
 */
static void unknown_key(
	struct binder *binder, const char *prefix, const char *shown, const struct yaml_node *name)
{
	struct config_suggestion suggestion = { .name = name->text };
	struct arena *arena = binder->file->arena;
	size_t size = strlen(prefix);
	const char *elsewhere = NULL;

	for (size_t i = 0; i < config_key_count; i++) {
		const char *path = config_keys[i].path;
		const char *last = strrchr(path, '.');
		if (strncmp(path, prefix, size) == 0) {
			config_suggest(&suggestion,
				arena_text(arena, path + size, strcspn(path + size, ".[")));
		}
		if (elsewhere == NULL && last != NULL && strcmp(last + 1, name->text) == 0) {
			elsewhere = path;
		}
	}
	const char *hint = suggestion.best != NULL
				   ? arena_printf(arena, "did you mean '%s'?", suggestion.best)
			   : elsewhere != NULL ? arena_printf(arena, "there is a '%s'", elsewhere)
					       : NULL;
	complain(binder, shown, &name->place, false,
		arena_printf(arena, "unknown key '%.64s'", name->text), hint);
}

static void bind_key(struct binder *binder, struct scope *scope, const struct config_key *key,
	const char *shown, const struct yaml_node *node)
{
	scope->seen[key - config_keys] = true;
	if (key->type == CONFIG_LIST) {
		bind_list(binder, key, shown, node, scope->base);
	} else if (key->type == CONFIG_DIGESTS) {
		bind_digests(binder, key, shown, node, scope->base);
	} else {
		bind_scalar(binder, key, shown, node, scope->base + key->offset);
	}
}

static void bind_section(struct binder *binder, struct scope *scope, const char *section,
	const char *shown, const struct yaml_node *node)
{
	if (yaml_is_null(node)) {
		return;
	}
	if (node->kind != YAML_MAPPING) {
		complain(binder, shown, &node->place, false,
			"should be a mapping with keys of its own", NULL);
		return;
	}
	bind_mapping(binder, scope, section, node);
}

/* section: "" or "listen." or "groups.", within the scope. */
static void bind_mapping(struct binder *binder, struct scope *scope, const char *section,
	const struct yaml_node *node)
{
	struct arena *arena = binder->file->arena;
	const char *prefix = arena_printf(arena, "%s%s", scope->prefix, section);

	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_member *member = &node->members[i];
		const char *path = arena_printf(arena, "%s%s", prefix, member->name->text);
		const char *shown =
			arena_printf(arena, "%s%s%s", scope->shown, section, member->name->text);
		const struct config_key *key = config_key_find(path);
		if (strpbrk(member->name->text, ".[") != NULL) {
			unknown_key(binder, prefix, shown, member->name);
		} else if (key != NULL) {
			bind_key(binder, scope, key, shown, member->value);
		} else if (is_section(path)) {
			bind_section(binder, scope,
				arena_printf(arena, "%s%s.", section, member->name->text), shown,
				member->value);
		} else {
			unknown_key(binder, prefix, shown, member->name);
		}
	}
}

bool config_bind(struct config *config, const struct yaml_node *root, struct config_report *report)
{
	struct binder binder = {
		.config = config,
		.file = config->file,
		.report = report,
		.ok = true,
	};
	struct scope scope = { .prefix = "", .shown = "", .base = (char *)config };

	apply_defaults(&binder, &scope);
	if (root->kind != YAML_MAPPING) {
		complain(&binder, "", &root->place, false,
			"should be a mapping: `listen: …` and so on", NULL);
		return false;
	}
	bind_mapping(&binder, &scope, "", root);
	check_required(&binder, &scope, root);
	return binder.ok;
}
