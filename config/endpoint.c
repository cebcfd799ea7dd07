#include "config/endpoint.h"

#include <string.h>
#include <sys/un.h>
#include "base/error.h"
#include "config/scalar.h"

static const char unix_scheme[] = "unix:";
static const char plain_scheme[] = "http://";

const char *config_unix_socket(const char *endpoint)
{
	if (strncmp(endpoint, unix_scheme, strlen(unix_scheme)) != 0) {
		return NULL;
	}
	endpoint += strlen(unix_scheme);
	return strncmp(endpoint, "///", 3) == 0 ? endpoint + 2 : endpoint;
}

bool config_check_unix_socket(const char *endpoint, struct error *err)
{
	const char *path = config_unix_socket(endpoint);
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (path == NULL) {
		return true;
	}
	if (path[0] != '/' || path[1] == '\0' || path[1] == '/') {
		return error_set(err, ERROR_CONFIG,
			"'%.100s' is no unix socket: want unix:/path/to/socket", endpoint);
	}
	return strlen(path) <= most ||
	       error_set(
		       err, ERROR_CONFIG, "the path of a unix socket has at most %zu bytes", most);
}

bool config_is_plain_beyond_loopback(const char *endpoint)
{
	char host[256];
	const char *end;
	size_t size;

	if (strncmp(endpoint, plain_scheme, strlen(plain_scheme)) != 0) {
		return false;
	}
	endpoint += strlen(plain_scheme);
	if (endpoint[0] == '[') {
		endpoint++;
		end = endpoint + strcspn(endpoint, "]");
	} else {
		end = endpoint + strcspn(endpoint, ":/");
	}
	size = (size_t)(end - endpoint);
	if (size >= sizeof(host)) {
		return true;
	}
	memcpy(host, endpoint, size);
	host[size] = '\0';
	return !config_is_loopback(host);
}
