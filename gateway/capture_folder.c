#include "gateway/capture_folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"

#define SUFFIX ".jsonl"

static char *folder_of(const struct config *config)
{
	const char *beside = config->store.path != NULL ? config->store.path : "./store";
	const char *slash = strrchr(beside, '/');
	struct buf path = { 0 };

	if (config->capture.directory != NULL) {
		return must_strdup(config->capture.directory);
	}
	buf_append(&path, beside, slash != NULL ? (size_t)(slash - beside) + 1 : 0);
	buf_append_text(&path, "captures");
	return path.data;
}

/* Ends as new_path() ends it: nothing else in the folder is ours to delete. */
static bool is_capture(const char *name)
{
	static const char form[] = "-ddddddddTddddddZ-xxxx" SUFFIX;
	size_t size = strlen(name);
	const char *at = name + size - (sizeof(form) - 1);

	for (size_t i = 0; size > sizeof(form) - 1 && form[i] != '\0'; i++) {
		bool fits = form[i] == 'd'   ? isdigit((unsigned char)at[i]) != 0
			    : form[i] == 'x' ? isxdigit((unsigned char)at[i]) != 0
					     : at[i] == form[i];

		if (!fits) {
			return false;
		}
	}
	return size > sizeof(form) - 1;
}

void capture_folder_sweep(const struct config *config)
{
	char *path = folder_of(config);
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder != NULL && config->capture.keep_ms > 0 && (entry = readdir(folder)) != NULL) {
		struct stat about;

		if (is_capture(entry->d_name) &&
			fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(about.st_mode) &&
			about.st_mtime < time(NULL) - config->capture.keep_ms / 1000 &&
			unlinkat(dirfd(folder), entry->d_name, 0) == 0) {
			log_event(LOG_INFO, "capture_removed", "file", entry->d_name, NULL);
		}
	}
	if (folder != NULL) {
		closedir(folder);
	}
	memory_free(path);
}

/* "entra-20261124T105400Z-9f3a.jsonl" */
static char *new_path(const char *folder, const char *source, int64_t now_us)
{
	char at[CLOCK_TEXT_BYTES];
	uint8_t random[2];
	struct buf path = { 0 };

	clock_format(now_us, at);
	random_bytes(random, sizeof(random));
	buf_printf(&path, "%s/%s-%.4s%.2s%.2sT%.2s%.2s%.2sZ-%02x%02x" SUFFIX, folder, source, at,
		at + 5, at + 8, at + 11, at + 14, at + 17, random[0], random[1]);
	return path.data;
}

int capture_folder_create(const struct config *config, const char *source, int64_t now_us,
	char **path, struct error *err)
{
	char *folder = folder_of(config);
	bool ok = file_make_folders(folder, 0700, err);
	int fd = -1;

	*path = new_path(folder, source, now_us);
	memory_free(folder);
	if (!ok) {
		error_wrap(err, "capture.directory");
		return -1;
	}
	fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_set(err, ERROR_IO, "%s: %s", *path, strerror(errno));
	}
	return fd;
}
