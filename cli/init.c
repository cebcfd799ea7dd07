#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli/certificate.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/starter.h"
#include "config/load.h"
#include "gateway/token_text.h"
#include "journal/key.h"

#define SOCKET_PATH_MAX 100 /* a unix socket's name has 108 bytes */

struct init {
	struct cli *cli;
	const char *folder; /* as the user typed it */
	const char *source;
	const char *dialect;
	const char *address;
	struct buf origin;
	char token[TOKEN_BYTES];
	struct buf path; /* of the file at hand */
};

/* What init makes; if one of them is there, it touches nothing. */
static const char *const results[] = { "scimward.yaml", "policy", "tls", "journal.key", "journal",
	"scimward.db" };

static const char *path_to(struct init *init, const char *name)
{
	buf_clear(&init->path);
	buf_printf(&init->path, "%s/%s", init->folder, name);
	return buf_text(&init->path);
}

static bool check_folder(struct init *init, struct error *err)
{
	char absolute[PATH_MAX];

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (file_exists(path_to(init, results[i]))) {
			return error_set(err, ERROR_CONFIG,
				"%s is there already; nothing was changed (init never overwrites)",
				buf_text(&init->path));
		}
	}
	if (!file_make_folders(init->folder, 0750, err)) {
		return false;
	}
	if (realpath(init->folder, absolute) == NULL) {
		return error_set(err, ERROR_IO, "%s: %s", init->folder, strerror(errno));
	}
	if (strlen(absolute) + strlen("/admin.sock") > SOCKET_PATH_MAX) {
		return error_set(err, ERROR_CONFIG,
			"%s is too long a path for a unix socket; choose a shorter one", absolute);
	}
	return true;
}

static bool write_policy(struct init *init, struct error *err)
{
	for (size_t i = 0; i < starter_file_count; i++) {
		const struct starter_file *file = &starter_files[i];
		CLEANUP(buf_fini) struct buf folder = { 0 };
		buf_printf(&folder, "%s/policy/%.*s", init->folder,
			(int)(strrchr(file->path, '/') != NULL
					? strrchr(file->path, '/') - file->path
					: 0),
			file->path);
		if (!file_make_folders(buf_text(&folder), 0750, err)) {
			return false;
		}
		CLEANUP(buf_fini) struct buf name = { 0 };
		buf_printf(&name, "policy/%s", file->path);
		if (!file_replace(
			    path_to(init, buf_text(&name)), file->bytes, file->size, 0640, err)) {
			return false;
		}
	}
	return true;
}

static bool write_certificate(struct init *init, struct error *err)
{
	CLEANUP(buf_fini) struct buf certificate = { 0 };
	CLEANUP(buf_fini) struct buf key = { 0 };

	buf_printf(&certificate, "%s/tls/cert.pem", init->folder);
	buf_printf(&key, "%s/tls/key.pem", init->folder);
	return file_make_folders(path_to(init, "tls"), 0750, err) &&
	       certificate_make(buf_text(&certificate), buf_text(&key), clock_now_us(), err);
}

static bool write_config(struct init *init, struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	uint8_t digest[32];

	token_text_digest(init->token, strlen(init->token), digest);
	buf_printf(&text,
		"# Made by `scimward init`. What each key means: `scimward config reference`.\n"
		"\n"
		"listen:\n"
		"  address: %s\n"
		"  tls: {certificate: tls/cert.pem, key: tls/key.pem}\n"
		"\n"
		"admin:\n"
		"  socket: admin.sock\n"
		"\n"
		"store: sqlite:scimward.db\n"
		"\n"
		"journal:\n"
		"  directory: journal\n"
		"  key: journal.key\n"
		"  origin: %s\n"
		"\n"
		"policy:\n"
		"  directory: policy\n"
		"\n"
		"sources:\n"
		"  - name: %s\n"
		"    dialect: %s\n"
		"    kind: idp\n"
		"    token_sha256: ",
		init->address, buf_text(&init->origin), init->source, init->dialect);
	encode_hex(&text, digest, sizeof(digest));
	buf_append_text(&text,
		"\n"
		"\n"
		"# Where approved operations go:\n"
		"# apps:\n"
		"#   - name: wiki\n"
		"#     connector: scim\n"
		"#     url: https://wiki.example.com/scim/v2\n"
		"#     token: ${file:/run/secrets/wiki}\n"
		"#     filter: active eq true and groups.display eq \"engineering\"\n");
	return file_replace(path_to(init, "scimward.yaml"), text.data, text.size, 0640, err);
}

/* What init wrote must load; a bad --source or --address is found here, with its place. */
static bool check_config(struct init *init, struct error *err)
{
	struct config_report report = { 0 };
	struct config *config = config_load(path_to(init, "scimward.yaml"), &report);
	bool ok = config != NULL || config_report_error(&report, err);

	config_free(config);
	config_report_fini(&report);
	return ok;
}

static bool make_all(struct init *init, struct error *err)
{
	if (!check_folder(init, err)) {
		return false;
	}
	/* The configuration comes first: it finds bad options before keys are made. */
	if (!write_config(init, err) || !check_config(init, err)) {
		unlink(path_to(init, "scimward.yaml"));
		return false;
	}
	return journal_key_generate(path_to(init, "journal.key"), buf_text(&init->origin), err) &&
	       write_policy(init, err) && write_certificate(init, err);
}

static void print_steps(const struct init *init)
{
	FILE *out = init->cli->out;
	const char *strong = cli_tone_begin(init->cli, CLI_STRONG);
	const char *end = cli_tone_end(init->cli, CLI_STRONG);

	fprintf(out,
		"made in %s:\n"
		"  scimward.yaml   configuration\n"
		"  policy/         starter policy, %zu files; policy/access/data.yaml is what you "
		"change\n"
		"  tls/            certificate for localhost, self-signed, for one year\n"
		"  journal.key     signs the journal; keep a copy elsewhere\n"
		"\n"
		"token of the source '%s', shown only now (the configuration has its SHA-256):\n"
		"\n  %s%s%s\n\n",
		init->folder, starter_file_count, init->source, strong, init->token, end);
	fprintf(out,
		"next:\n"
		"  scimward config check -c %s/scimward.yaml\n"
		"  scimward serve -c %s/scimward.yaml\n"
		"  curl --cacert %s/tls/cert.pem -H \"Authorization: Bearer $TOKEN\" \\\n"
		"      https://localhost:%s/scim/v2/Users\n",
		init->folder, init->folder, init->folder, strrchr(init->address, ':') + 1);
}

static void print_result(struct init *init)
{
	if (init->cli->format != CLI_JSON) {
		print_steps(init);
		return;
	}
	json_t *result = json_object();
	json_object_set_new(result, "directory", json_string(init->folder));
	json_object_set_new(result, "config", json_string(path_to(init, "scimward.yaml")));
	json_object_set_new(result, "source", json_string(init->source));
	json_object_set_new(result, "token", json_string(init->token));
	json_object_set_new(result, "origin", json_string(buf_text(&init->origin)));
	cli_print_json(init->cli, "init", result);
}

static const char *option_or(const struct cli *cli, const char *name, const char *fallback)
{
	const char *value = cli_option(cli, name);

	return value != NULL ? value : fallback;
}

/* A name that no other log has, for people who do not care yet. */
static void choose_origin(struct init *init)
{
	const char *given = cli_option(init->cli, "origin");
	char host[128] = "localhost";
	uint8_t bytes[4];

	if (given != NULL) {
		buf_append_text(&init->origin, given);
		return;
	}
	gethostname(host, sizeof(host) - 1);
	random_bytes(bytes, sizeof(bytes));
	buf_printf(&init->origin, "%s/scimward-", host);
	encode_hex(&init->origin, bytes, sizeof(bytes));
}

static int run_init(struct cli *cli)
{
	struct error err = { 0 };
	struct init init = {
		.cli = cli,
		.folder = cli->arguments[0],
		.source = option_or(cli, "source", "idp"),
		.dialect = option_or(cli, "dialect", "standard"),
		.address = option_or(cli, "address", "127.0.0.1:8443"),
	};

	if (strpbrk(init.source, " \t\n:#{}[],&*!|>'\"%@`") != NULL) {
		return cli_usage(cli, "'%s' is no name of a source", init.source);
	}
	choose_origin(&init);
	token_text_new(init.token);
	bool ok = make_all(&init, &err);
	if (ok) {
		print_result(&init);
	}
	secret_wipe(init.token, sizeof(init.token));
	buf_fini(&init.origin);
	buf_fini(&init.path);
	return ok ? CLI_OK : cli_fail(cli, &err);
}

static const struct cli_row_option init_options[] = {
	{ 0, "source", "NAME", "name of the first source (default idp)" },
	{ 0, "dialect", "DIALECT", "whose SCIM: standard (default), entra, okta, …" },
	{ 0, "address", "HOST:PORT", "where it listens (default 127.0.0.1:8443)" },
	{ 0, "origin", "NAME", "name of the journal, such as scimward.example.com/journal" },
	{ 0 },
};

const struct cli_command cli_init_commands[] = {
	{ .noun = "init",
		.arguments = "DIR",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Make a folder to start from: configuration, policy, token, certificate",
		.details = "The token is shown once; the configuration keeps only its SHA-256. "
			   "Nothing "
			   "that is there is\noverwritten.\n",
		.options = init_options,
		.examples = "scimward init ./gateway\n"
			    "# for Entra ID, with a name for the journal that will stay\n"
			    "scimward init /etc/scimward --source entra --dialect entra \\\n"
			    "    --origin scimward.example.com/journal\n",
		.run = run_init },
	{ 0 },
};
