/*
 * A folder of one run of a test program, in which it works: what it makes there with a plain name
 * meets nothing of another run at the same time, or of one that died. Set-up and tear-down of a
 * group. Included once per program.
 */
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch[] = "/tmp/scimward-test-XXXXXX";

static inline int scratch_enter(void **state)
{
	(void)state;
	return mkdtemp(scratch) != NULL ? chdir(scratch) : -1;
}

static inline int scratch_leave(void **state)
{
	DIR *folder = opendir(".");

	(void)state;
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		unlink(entry->d_name); /* "." and ".." stay */
	}
	if (folder != NULL) {
		closedir(folder);
	}
	return chdir("/") == 0 ? rmdir(scratch) : -1;
}
