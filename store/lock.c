#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/error.h"

bool lock_take(const char *path, int *lock, struct error *err)
{
	char name[4096];

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name)) {
		return error_set(err, ERROR_CONFIG, "%s: the path is too long", path);
	}
	*lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*lock < 0) {
		return error_set(err, ERROR_STORE, "%s: %s", name, strerror(errno));
	}
	if (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
		close(*lock);
		*lock = -1;
		return error_set(err, ERROR_CONFIG,
			"%s is open in another scimward: stop that one first", path);
	}
	return true;
}

void lock_release(int lock)
{
	if (lock >= 0) {
		close(lock);
	}
}
