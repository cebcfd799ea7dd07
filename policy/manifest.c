#include "policy/manifest.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

static const char *const everything[] = { "" };

const struct manifest manifest_default = {
	.revision = "", .roots = everything, .root_count = 1, .serial = -1
};

/* ---- reading ---- */

static const char *without_slashes(struct arena *arena, const char *text)
{
	size_t size;

	text += strspn(text, "/");
	size = strlen(text);
	while (size > 0 && text[size - 1] == '/') {
		size--;
	}
	return arena_text(arena, text, size);
}

/* "a" contains "a" and "a/b", not "ab"; "" contains everything. */
static bool contains(const char *root, const char *path)
{
	size_t size = strlen(root);

	return size == 0 ||
	       (strncmp(root, path, size) == 0 && (path[size] == '\0' || path[size] == '/'));
}

static bool check_overlap(const char *const *roots, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (contains(roots[i], roots[j]) || contains(roots[j], roots[i])) {
				return error_set(err, ERROR_POLICY,
					".manifest: the roots \"%s\" and \"%s\" overlap; name each "
					"part once",
					roots[j], roots[i]);
			}
		}
	}
	return true;
}

static bool read_roots(
	struct arena *arena, const struct value *list, struct manifest *manifest, struct error *err)
{
	const char **roots;

	if (!value_is(list, VALUE_ARRAY) || value_count(list) > MANIFEST_ROOTS_MAX) {
		return error_set(err, ERROR_POLICY,
			".manifest: roots must be an array of at most %d paths",
			MANIFEST_ROOTS_MAX);
	}
	if (value_count(list) == 0) {
		return error_set(err, ERROR_POLICY,
			".manifest: roots is empty, so the bundle may hold nothing; leave it out "
			"to mean "
			"everything");
	}
	roots = arena_calloc(arena, value_count(list), sizeof(*roots));
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *root = value_at(list, i);

		if (!value_is(root, VALUE_STRING) || strlen(value_text(root)) != value_size(root)) {
			return error_set(err, ERROR_POLICY, ".manifest: a root is no path");
		}
		roots[i] = without_slashes(arena, value_text(root));
	}
	manifest->roots = roots;
	manifest->root_count = value_count(list);
	return check_overlap(roots, manifest->root_count, err);
}

static bool read_serial(const struct value *metadata, struct manifest *manifest, struct error *err)
{
	const struct value *serial = value_find(metadata, "serial");

	if (serial == NULL) {
		return true;
	}
	if (!value_int(serial, &manifest->serial) || manifest->serial < 0) {
		return error_set(err, ERROR_POLICY,
			".manifest: metadata.serial must be a whole number that grows with each "
			"bundle");
	}
	return true;
}

bool manifest_read(struct arena *arena, const struct value *value, struct manifest *manifest,
	struct error *err)
{
	const struct value *revision = value_find(value, "revision");
	const struct value *roots = value_find(value, "roots");

	*manifest = manifest_default;
	if (!value_is(value, VALUE_OBJECT)) {
		return error_set(err, ERROR_POLICY, ".manifest: must be an object");
	}
	if (revision != NULL && !value_is(revision, VALUE_STRING)) {
		return error_set(err, ERROR_POLICY, ".manifest: revision must be a text");
	}
	if (revision != NULL) {
		manifest->revision = value_text(revision);
	}
	return (roots == NULL || read_roots(arena, roots, manifest, err)) &&
	       read_serial(value_find(value, "metadata"), manifest, err);
}

/* ---- roots ---- */

bool manifest_covers_all(const struct manifest *manifest)
{
	return manifest->roots[0][0] == '\0'; /* it overlaps all others, so there are none */
}

static bool covers(const struct manifest *manifest, const char *path)
{
	for (size_t i = 0; i < manifest->root_count; i++) {
		if (contains(manifest->roots[i], path)) {
			return true;
		}
	}
	return false;
}

/* A root lies below path. */
static bool leads_to_root(const struct manifest *manifest, const char *path)
{
	for (size_t i = 0; i < manifest->root_count; i++) {
		if (contains(path, manifest->roots[i])) {
			return true;
		}
	}
	return false;
}

static bool outside(
	const struct manifest *manifest, const char *what, const char *path, struct error *err)
{
	return error_set(err, ERROR_POLICY,
		"%s at %s lie outside the roots of .manifest (\"%s\"%s)", what,
		path[0] == '\0' ? "the top" : path, manifest->roots[0],
		manifest->root_count > 1 ? ", …" : "");
}

/* A name that no path can spell: it is below no root. */
static bool is_unspeakable(const struct value *name)
{
	return value_size(name) == 0 || strchr(value_text(name), '/') != NULL ||
	       strlen(value_text(name)) != value_size(name);
}

/* Goes only as deep as the roots do. */
static bool check_data(struct arena *arena, const struct manifest *manifest, const char *path,
	const struct value *data, struct error *err)
{
	if (covers(manifest, path)) {
		return true;
	}
	if (!value_is(data, VALUE_OBJECT) || !leads_to_root(manifest, path)) {
		return outside(manifest, "data", path, err);
	}
	for (size_t i = 0; i < value_count(data); i++) {
		const struct value_member *member = value_member_at(data, i);
		const char *name = value_text(member->key);
		const char *place =
			path[0] == '\0' ? name : arena_printf(arena, "%s/%s", path, name);

		if (is_unspeakable(member->key)) {
			return outside(manifest, "data", place, err);
		}
		if (!check_data(arena, manifest, place, member->value, err)) {
			return false;
		}
	}
	return true;
}

bool manifest_covers_data(struct arena *arena, const struct manifest *manifest,
	const struct value *data, struct error *err)
{
	return check_data(arena, manifest, "", data, err);
}

/* ["g0", "scimward", "decision"]: the generation, then the rule's place. NULL: no such thing. */
static const char *path_of_function(struct arena *arena, const struct value *function)
{
	const struct value *parts = value_find(function, "path");
	const char *path = "";

	if (!value_is(parts, VALUE_ARRAY) || value_count(parts) < 2) {
		return NULL;
	}
	for (size_t i = 1; i < value_count(parts); i++) {
		if (!value_is(value_at(parts, i), VALUE_STRING) ||
			is_unspeakable(value_at(parts, i))) {
			return NULL;
		}
		path = arena_printf(
			arena, "%s%s%s", path, i > 1 ? "/" : "", value_text(value_at(parts, i)));
	}
	return path;
}

bool manifest_covers_plan(struct arena *arena, const struct manifest *manifest,
	const struct value *plan, struct error *err)
{
	const struct value *functions = value_find(value_find(plan, "funcs"), "funcs");

	for (size_t i = 0; value_is(functions, VALUE_ARRAY) && i < value_count(functions); i++) {
		const char *path = path_of_function(arena, value_at(functions, i));

		if (path == NULL) {
			return error_set(err, ERROR_POLICY,
				"plan.json: a rule has no path that could lie below a root");
		}
		if (!covers(manifest, path)) {
			return outside(manifest, "rules", path, err);
		}
	}
	return true;
}
