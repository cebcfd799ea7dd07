#include "config/reference.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "base/buf.h"
#include "config/keys.h"

/* ---- docs/config.md ---- */

static const char markdown_head[] =
	"# Configuration\n"
	"\n"
	"<!-- Generated: `scimward config reference`. Change config/keys.c, not this file. -->\n"
	"\n"
	"One YAML file, `/etc/scimward/scimward.yaml` unless `-c FILE` or `SCIMWARD_CONFIG` names "
	"another. `scimward config\n"
	"check` tells everything that is wrong with it at once, with line, column and a "
	"suggestion; `scimward config show\n"
	"--origin` prints what is in force and where it comes from. Unknown keys are errors.\n"
	"\n"
	"- Paths are relative to the folder of the file.\n"
	"- Durations are numbers with `ms`, `s`, `m` or `h`; sizes are bytes, or numbers with "
	"`KiB`, `MiB`, `GiB`.\n"
	"- Any text may hold references: `${file:PATH}` (a regular file; one line break at its end "
	"is cut), `${env:NAME}`,\n"
	"  `${cred:NAME}` (systemd's `LoadCredential=`). `$${` is a plain `${`. Between `{` and "
	"`}` of YAML write them in\n"
	"  quotes. Secrets are never printed.\n"
	"- Anchors, aliases, tags and merge keys of YAML are refused. So are files of more than 1 "
	"MiB.\n"
	"- SIGHUP reads the file again. When it has errors, or the policy does not load, the old "
	"one stays in force. Keys\n"
	"  marked *restart* keep their old value until the program starts again.\n";

static void append_range(struct buf *buf, const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_NUMBER:
		buf_printf(buf, ", %" PRId64 " to %" PRId64, key->min, key->max);
		break;
	case CONFIG_WORD:
	case CONFIG_CHOICE:
		buf_append_text(buf, ": ");
		for (const char *word = key->words; *word != '\0';) {
			size_t size = strcspn(word, " ");
			buf_printf(
				buf, "%s`%.*s`", word == key->words ? "" : ", ", (int)size, word);
			word += size + strspn(word + size, " ");
		}
		break;
	case CONFIG_LIST:
		buf_printf(buf, ", at most %" PRId64, key->max);
		break;
	default:
		break;
	}
}

static void append_row(struct buf *buf, const struct config_key *key)
{
	buf_printf(buf, "| `%s` | %s", key->path, config_type_name(key->type));
	append_range(buf, key);
	buf_append_text(buf, " | ");
	if ((key->flags & CONFIG_REQUIRED) != 0) {
		buf_append_text(buf, "**required**");
	} else if (key->fallback != NULL) {
		buf_printf(buf, "`%s`", key->fallback);
	} else {
		buf_append_text(buf, "–");
	}
	buf_printf(buf, " | %s%s |\n", key->help,
		(key->flags & CONFIG_RESTART) != 0 ? " *Restart.*" : "");
}

void config_reference_markdown(struct buf *buf)
{
	size_t last = 0;

	buf_append_text(buf, markdown_head);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		size_t size = strcspn(key->path, ".[");
		if (i == 0 || size != last ||
			strncmp(config_keys[i - 1].path, key->path, size) != 0) {
			buf_printf(buf,
				"\n## %.*s\n\n| key | value | default | |\n|---|---|---|---|\n",
				(int)size, key->path);
			last = size;
		}
		append_row(buf, key);
	}
}

/* ---- examples/scimward.yaml ---- */

static const char example_head[] =
	"# Configuration of scimward, every key with its default.\n"
	"# Generated: scimward config reference --example. Change config/keys.c, not this file.\n"
	"# What each key means: docs/config.md.\n";

/* Commented out: what has no example is at its default. */
static bool is_shown(const struct config_key *key)
{
	return key->example != NULL;
}

static bool section_is_shown(const char *section, size_t size)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (strncmp(config_keys[i].path, section, size) == 0 && is_shown(&config_keys[i])) {
			return true;
		}
	}
	return false;
}

static void append_value(struct buf *buf, const char *value)
{
	if (value[strcspn(value, " \"'#{}[]$,&*")] != '\0' || value[0] == '\0') {
		buf_append_char(buf, '\'');
		for (const char *at = value; *at != '\0'; at++) {
			buf_append_text(buf, *at == '\'' ? "''" : (char[]){ *at, '\0' });
		}
		buf_append_char(buf, '\'');
	} else {
		buf_append_text(buf, value);
	}
}

/* Opens the sections of `path` that `previous` does not share. Returns the depth of the key itself.
 */
static int append_sections(struct buf *buf, const char *previous, const char *path, bool *item)
{
	size_t at = 0;
	int depth = 0;

	for (size_t end; (end = at + strcspn(path + at, ".")), path[end] != '\0'; at = end + 1) {
		bool list = end >= 2 && path[end - 1] == ']';
		bool shared = strncmp(previous, path, end + 1) == 0;
		if (!shared && list) {
			*item = true; /* the list's own row printed its name */
		} else if (!shared) {
			buf_printf(buf, "%*s%s%.*s:\n", 2 * depth, "",
				section_is_shown(path, end + 1) ? "" : "# ", (int)(end - at),
				path + at);
		}
		depth += list ? 2 : 1;
	}
	return depth;
}

void config_reference_example(struct buf *buf)
{
	const char *previous = "";

	buf_append_text(buf, example_head);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *last = strrchr(key->path, '.');
		const char *value = key->example != NULL    ? key->example
				    : key->fallback != NULL ? key->fallback
							    : "…";
		bool item = false;

		size_t top = strcspn(key->path, ".[");
		if (i == 0 || strncmp(previous, key->path, top) != 0 ||
			strchr(".[", previous[top]) == NULL) {
			buf_append_char(buf, '\n');
		}
		if (key->type == CONFIG_LIST) {
			buf_printf(buf, "%s:\n", key->path);
			previous = key->path;
			continue;
		}
		int depth = append_sections(buf, previous, key->path, &item);
		buf_printf(buf, "%*s%s%s%s: ", 2 * depth - (item ? 2 : 0), "",
			key->example != NULL ? "" : "# ", item ? "- " : "",
			last != NULL ? last + 1 : key->path);
		append_value(buf, value);
		buf_append_char(buf, '\n');
		previous = key->path;
	}
}
