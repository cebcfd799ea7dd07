#include "gateway/policy_git.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/scalar.h"
#include "gateway/child.h"
#include "gateway/policy_tree.h"
#include "io/fetch_guard.h"
#include "policy/tar.h"

enum { LIST_BYTES = 64 * 1024 * 1024, ENVIRONMENT = 24, ARGUMENTS = 24 };
#define FILE_BYTES ((size_t)512 << 20) /* of one pack */
#define HEX "0123456789abcdef"

/* ---- how git is run ---- */

struct run {
	const struct policy_git *git;
	struct arena *arena;
	const char *environment[ENVIRONMENT];
	size_t variables;
	const char *input;
	size_t input_size;
	size_t output_bytes;
};

static void add_variable(struct run *run, const char *variable)
{
	if (run->variables < ENVIRONMENT - 1) {
		run->environment[run->variables++] = variable;
	}
}

/* The configuration that git sees, the only one. Nothing secret: it is a file. */
static const char settings[] =
	"[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\taskPass = /bin/false\n"
	"[credential]\n\thelper =\n"
	"[protocol]\n\tallow = never\n"
	"[protocol \"https\"]\n\tallow = always\n"
	"[protocol \"file\"]\n\tallow = always\n"
	"[transfer]\n\tfsckObjects = true\n\tcredentialsInUrl = die\n"
	"[fetch]\n\trecurseSubmodules = false\n\twriteCommitGraph = false\n"
	"[submodule]\n\trecurse = false\n"
	"[gc]\n\tautoDetach = false\n"
	"[http]\n\tfollowRedirects = false\n\tsslVerify = true\n\tproxy =\n\temptyAuth = false\n"
	"\tlowSpeedLimit = 100\n\tlowSpeedTime = 30\n"
	"[gpg]\n\tprogram = /bin/false\n\tminTrustLevel = fully\n"
	"[gpg \"x509\"]\n\tprogram = /bin/false\n"
	"[gpg \"ssh\"]\n\tprogram = ssh-keygen\n"
	"[safe]\n\tdirectory = *\n";

static void begin(struct run *run, const struct policy_git *git, struct arena *arena)
{
	const char *path = getenv("PATH");

	*run = (struct run){ .git = git, .arena = arena };
	add_variable(run, arena_printf(arena, "PATH=%s", path != NULL ? path : "/usr/bin:/bin"));
	add_variable(run, arena_printf(arena, "HOME=%s", git->folder));
	add_variable(run, arena_printf(arena, "XDG_CONFIG_HOME=%s", git->folder));
	add_variable(run, arena_printf(arena, "GIT_CONFIG_GLOBAL=%s/config", git->folder));
	add_variable(run, arena_printf(arena, "GIT_DIR=%s/repository.git", git->folder));
	add_variable(run, "GIT_CONFIG_NOSYSTEM=1");
	add_variable(run, "GIT_ATTR_NOSYSTEM=1");
	add_variable(run, "GIT_TERMINAL_PROMPT=0");
	add_variable(run, "GIT_ASKPASS=/bin/false");
	add_variable(run, "SSH_ASKPASS=/bin/false");
	add_variable(run, "GIT_ALLOW_PROTOCOL=https:file");
	add_variable(run, "GIT_PROTOCOL_FROM_USER=0");
	add_variable(run, "GIT_NO_REPLACE_OBJECTS=1");
	add_variable(run, "GIT_LITERAL_PATHSPECS=1");
	add_variable(run, "LC_ALL=C");
}

/* What git says, on few lines. */
static const char *said(const struct child *child)
{
	const char *text = child->errors[0] != '\0' ? child->errors : child->message;

	return strncmp(text, "fatal: ", 7) == 0 ? text + 7 : text;
}

/* A run that ended by itself; its status is the caller's business. */
static bool run_git(
	struct run *run, const char *const *arguments, struct child *child, struct error *err)
{
	const char *argv[ARGUMENTS] = { "git" };
	const struct process_options options = {
		.argv = argv,
		.environment = run->environment,
		.folder = run->git->folder,
		.input = run->input,
		.input_size = run->input_size,
		.timeout_ms = run->git->timeout_ms,
		.output_bytes = run->output_bytes > 0 ? run->output_bytes : LIST_BYTES,
		.file_bytes = FILE_BYTES,
		.cancelled = run->git->cancelled,
	};

	for (size_t i = 0; i < ARGUMENTS - 2 && arguments[i] != NULL; i++) {
		argv[i + 1] = arguments[i];
	}
	child_run(run->arena, &options, child);
	switch (child->outcome) {
	case PROCESS_EXITED:
		return true;
	case PROCESS_NOT_FOUND:
		return error_set(err, ERROR_CONFIG,
			"the program git is not to be found; install it, or use policy.directory "
			"or "
			"policy.bundle");
	case PROCESS_TIMEOUT:
		return error_set(err, ERROR_TIMEOUT, "git %s: %s", arguments[0], child->message);
	case PROCESS_TOO_LARGE:
		return error_set(err, ERROR_TOO_LARGE, "git %s: %s", arguments[0], child->message);
	default:
		return error_set(err, ERROR_IO, "git %s: %s", arguments[0], child->message);
	}
}

static bool prepare(const struct policy_git *git, struct arena *arena, struct error *err)
{
	const char *const init[] = { "init", "--quiet", "--bare", "--template=", NULL };
	struct run run;
	struct child child;

	begin(&run, git, arena);
	if (!file_make_folders(git->folder, 0700, err) ||
		!file_replace(arena_printf(arena, "%s/config", git->folder), settings,
			sizeof(settings) - 1, 0600, err)) {
		return false;
	}
	if (file_exists(arena_printf(arena, "%s/repository.git/HEAD", git->folder))) {
		return true;
	}
	return run_git(&run, init, &child, err) &&
	       (child_is_fine(&child) || error_set(err, ERROR_IO, "git init: %s", said(&child)));
}

/* ---- fetch ---- */

static void free_addresses(struct addrinfo **list)
{
	if (*list != NULL) {
		freeaddrinfo(*list);
	}
}

/*
 * "http.curloptResolve": the address that git must use, so that nobody can tell us one and git
 * another. Refused when any of the host's addresses is not for us.
 */
static bool pin_address(struct run *run, const char *url, const char **pin, struct error *err)
{
	const struct fetch_guard guard = { .allow_private = run->git->config->allow_private };
	CLEANUP(free_addresses) struct addrinfo *list = NULL;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *authority = url + strlen("https://");
	size_t size = strcspn(authority, "/");
	const char *bracket = memchr(authority, ']', size);
	const char *colon = memchr(bracket != NULL ? bracket : authority, ':',
		size - (size_t)((bracket != NULL ? bracket : authority) - authority));
	const char *port = colon != NULL ? arena_text(run->arena, colon + 1,
						   size - (size_t)(colon + 1 - authority))
					 : "443";
	const char *host = arena_text(
		run->arena, authority, colon != NULL ? (size_t)(colon - authority) : size);
	const char *bare = host;
	char text[INET6_ADDRSTRLEN + 2];

	if (host[0] == '[') {
		bare = arena_text(run->arena, host + 1, strcspn(host, "]") - 1);
	}
	int failed = getaddrinfo(bare, port, &hints, &list);
	if (failed != 0) {
		return error_set(err, ERROR_IO, "%s: %s", bare, gai_strerror(failed));
	}
	for (const struct addrinfo *it = list; it != NULL; it = it->ai_next) {
		if (!fetch_guard_allows(&guard, it->ai_addr)) {
			return error_set(err, ERROR_CONFIG,
				"%s has an address that is private or special; "
				"policy.allow_private: "
				"true allows it",
				bare);
		}
	}
	if (getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof(text), NULL, 0,
		    NI_NUMERICHOST) != 0) {
		return error_set(err, ERROR_IO, "%s has no address", bare);
	}
	*pin = arena_printf(run->arena, strchr(text, ':') != NULL ? "%s:%s:[%s]" : "%s:%s:%s", bare,
		port, text);
	return true;
}

static void wipe(struct buf *buf)
{
	if (buf->data != NULL) {
		secret_wipe(buf->data, buf->capacity);
	}
	buf_fini(buf);
}

/* "GIT_CONFIG_VALUE_n=Authorization: Basic …" into `line`, which must outlive the run. */
static void write_authorization(
	const struct config_policy *config, unsigned number, struct buf *line)
{
	CLEANUP(wipe) struct buf pair = { 0 };
	const char *token = secret_reveal(config->token);

	buf_reserve(&pair, strlen(token) + strlen(config->git.user) + 2);
	buf_printf(&pair, "%s:", config->git.user);
	buf_append_text(&pair, token);
	buf_reserve(line, 64 + pair.size * 2);
	buf_printf(line, "GIT_CONFIG_VALUE_%u=Authorization: Basic ", number);
	encode_base64(line, pair.data, pair.size);
}

/* What only counts for a server: its address, its authority, our token. */
static bool add_remote(
	struct run *run, const char *url, struct buf *authorization, struct error *err)
{
	const struct config_policy *config = run->git->config;
	unsigned count = 1;
	const char *pin;

	if (!pin_address(run, url, &pin, err)) {
		return false;
	}
	add_variable(run, "GIT_CONFIG_KEY_0=http.curloptResolve");
	add_variable(run, arena_printf(run->arena, "GIT_CONFIG_VALUE_0=%s", pin));
	if (config->ca != NULL) {
		add_variable(
			run, arena_printf(run->arena, "GIT_CONFIG_KEY_%u=http.sslCAInfo", count));
		add_variable(run,
			arena_printf(run->arena, "GIT_CONFIG_VALUE_%u=%s", count++, config->ca));
	}
	if (config->token != NULL) {
		add_variable(
			run, arena_printf(run->arena, "GIT_CONFIG_KEY_%u=http.extraHeader", count));
		write_authorization(config, count++, authorization);
		add_variable(run, authorization->data);
	}
	add_variable(run, arena_printf(run->arena, "GIT_CONFIG_COUNT=%u", count));
	return true;
}

#define CANDIDATE "refs/scimward/candidate"

static bool read_commit(struct run *run, char commit[POLICY_COMMIT_BYTES], struct error *err)
{
	const char *const parse[] = { "rev-parse", "--verify", "--quiet", CANDIDATE "^{commit}",
		NULL };
	struct child child;
	size_t size;

	if (!run_git(run, parse, &child, err)) {
		return false;
	}
	size = strspn(child.output, HEX);
	if (child.status != 0 || size < 40 || size >= POLICY_COMMIT_BYTES ||
		child.output[size] != '\n') {
		return error_set(err, ERROR_POLICY, "%s is no commit", run->git->config->git.ref);
	}
	memcpy(commit, child.output, size);
	commit[size] = '\0';
	return true;
}

bool policy_git_fetch(const struct policy_git *git, struct arena *arena,
	char commit[POLICY_COMMIT_BYTES], struct error *err)
{
	CLEANUP(wipe) struct buf authorization = { 0 };
	const struct config_policy_git *from = &git->config->git;
	bool remote = config_is_url(from->url);
	const char *const fetch[] = { "fetch", "--quiet", "--no-tags", "--force",
		"--no-recurse-submodules", "--no-write-fetch-head", "--end-of-options", from->url,
		arena_printf(arena, "+%s:" CANDIDATE, from->ref), NULL };
	struct run run;
	struct child child;

	if (!prepare(git, arena, err)) {
		return false;
	}
	begin(&run, git, arena);
	if ((remote && !add_remote(&run, from->url, &authorization, err)) ||
		!run_git(&run, fetch, &child, err)) {
		return false;
	}
	if (child.status != 0) {
		return error_set(err, ERROR_IO, "git fetch: %s", said(&child));
	}
	begin(&run, git, arena); /* without the token */
	return read_commit(&run, commit, err);
}

/* ---- signature and ancestry ---- */

bool policy_git_verify(
	const struct policy_git *git, struct arena *arena, const char *commit, struct error *err)
{
	const char *signers = git->config->git.require_signed;
	const char *const verify[] = { "-c",
		arena_printf(arena, "gpg.ssh.allowedSignersFile=%s", signers), "verify-commit",
		"--", commit, NULL };
	struct run run;
	struct child child;

	if (!file_exists(signers)) {
		return error_set(
			err, ERROR_CONFIG, "policy.git.require_signed: there is no %s", signers);
	}
	begin(&run, git, arena);
	if (!run_git(&run, verify, &child, err)) {
		return false;
	}
	return child.status == 0 ||
	       error_set(err, ERROR_POLICY, "commit %.12s is not signed by one of %s%s%s", commit,
		       signers, child.errors[0] != '\0' ? ": " : "", child.errors);
}

bool policy_git_descends(const struct policy_git *git, struct arena *arena, const char *older,
	const char *newer, struct error *err)
{
	const char *const ask[] = { "merge-base", "--is-ancestor", older, newer, NULL };
	struct run run;
	struct child child;

	begin(&run, git, arena);
	if (!run_git(&run, ask, &child, err)) {
		return false;
	}
	return child.status == 0 ||
	       error_set(err, ERROR_POLICY,
		       "commit %.12s does not descend from %.12s, which was in "
		       "force",
		       newer, older);
}

/* ---- files ---- */

/* One row of `git ls-tree -r -l -z`: "100644 blob <id> <size>\t<path>". */
struct row {
	const char *mode;
	const char *id;
	size_t id_size;
	size_t size;
	const char *path;
};

static bool read_row(struct arena *arena, const char *text, struct row *row)
{
	const char *tab = strchr(text, '\t');
	const char *id;
	char *end;

	if (tab == NULL || strlen(text) < 14) {
		return false;
	}
	row->mode = arena_text(arena, text, 6);
	id = strchr(text + 7, ' ');
	if (id == NULL || id > tab) {
		return false;
	}
	row->id = id + 1;
	row->id_size = strspn(row->id, HEX);
	row->size = strtoull(row->id + row->id_size, &end, 10); /* "-" of a submodule: 0 */
	row->path = tab + 1;
	return row->id_size >= 40 && (end == tab || row->mode[0] == '1');
}

/* Relative to the policy's folder; NULL: outside of it. */
static const char *within(const struct config_policy_git *git, const char *path)
{
	size_t size = git->folder != NULL ? strlen(git->folder) : 0;

	while (size > 0 && git->folder[size - 1] == '/') {
		size--;
	}
	if (size == 0) {
		return path;
	}
	return strncmp(path, git->folder, size) == 0 && path[size] == '/' ? path + size + 1 : NULL;
}

static bool take_row(struct run *run, const struct row *row, struct policy_tree *tree,
	struct buf *wanted, struct error *err)
{
	const char *name = within(&run->git->config->git, row->path);
	bool link = strcmp(row->mode, "120000") == 0;

	if (name == NULL || (link && !policy_tree_wants(name))) {
		return true;
	}
	if (link || strcmp(row->mode, "160000") == 0) {
		return error_set(err, ERROR_POLICY, "%s is a %s; a policy consists of plain files",
			row->path, link ? "link" : "submodule");
	}
	if (!policy_tree_wants(name)) {
		return true;
	}
	buf_append(wanted, row->id, row->id_size);
	buf_append_char(wanted, '\n');
	return policy_tree_add(
		run->arena, tree, arena_strdup(run->arena, name), NULL, row->size, err);
}

static bool list_files(struct run *run, const char *commit, struct policy_tree *tree,
	struct buf *wanted, struct error *err)
{
	const char *const list[] = { "ls-tree", "-r", "-l", "-z", "--full-tree", commit, NULL };
	struct child child;

	if (!run_git(run, list, &child, err)) {
		return false;
	}
	if (child.status != 0) {
		return error_set(err, ERROR_IO, "git ls-tree: %s", said(&child));
	}
	for (const char *at = child.output; at < child.output + child.output_size;
		at += strlen(at) + 1) {
		struct row row;

		if (!read_row(run->arena, at, &row)) {
			return error_set(err, ERROR_IO, "git ls-tree: a row that is none");
		}
		if (!take_row(run, &row, tree, wanted, err)) {
			return false;
		}
	}
	return true;
}

/* "<id> blob <size>\n<bytes>\n" for each, in the order that was asked. */
static bool read_blobs(const struct child *child, struct policy_tree *tree, struct error *err)
{
	const char *at = child->output;
	const char *end = child->output + child->output_size;

	for (size_t i = 0; i < tree->count; i++) {
		size_t size = tree->files[i].size;
		const char *line = memchr(at, '\n', (size_t)(end - at));

		if (line == NULL || (size_t)(end - line) < size + 2 || line[size + 1] != '\n') {
			return error_set(err, ERROR_IO, "git cat-file: %s is not as it was listed",
				tree->files[i].name);
		}
		tree->files[i].bytes = line + 1;
		at = line + size + 2;
	}
	return true;
}

bool policy_git_read(const struct policy_git *git, struct arena *arena, const char *commit,
	struct policy_tree *tree, struct error *err)
{
	const char *const cat[] = { "cat-file", "--batch", NULL };
	CLEANUP(buf_fini) struct buf wanted = { 0 };
	struct run run;
	struct child child;

	*tree = (struct policy_tree){ 0 };
	begin(&run, git, arena);
	if (!list_files(&run, commit, tree, &wanted, err)) {
		return false;
	}
	if (tree->count == 0) {
		return error_set(err, ERROR_POLICY, "commit %.12s holds no policy%s%s", commit,
			git->config->git.folder != NULL ? " in the folder " : "",
			git->config->git.folder != NULL ? git->config->git.folder : "");
	}
	run.input = wanted.data;
	run.input_size = wanted.size;
	run.output_bytes = tree->bytes + tree->count * 128;
	if (!run_git(&run, cat, &child, err)) {
		return false;
	}
	return child.status == 0 ? read_blobs(&child, tree, err)
				 : error_set(err, ERROR_IO, "git cat-file: %s", said(&child));
}
