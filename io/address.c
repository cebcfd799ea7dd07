#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/error.h"

#define BACKLOG 1024

/* ---- parsing ---- */

static bool parse_unix(const char *path, struct address *address, struct error *err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&address->bytes;
	size_t size = strlen(path);

	if (size == 0 || size >= sizeof(un->sun_path)) {
		return error_set(err, ERROR_CONFIG,
			"the path of a unix socket has 1 to %zu bytes, this one %zu: '%s'",
			sizeof(un->sun_path) - 1, size, path);
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, size + 1);
	address->family = AF_UNIX;
	address->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
	return true;
}

/* Splits "host:port" and "[v6]:port". */
static bool split(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	const char *start = text;

	if (colon == NULL || colon[1] == '\0') {
		return false;
	}
	const char *end = colon;

	if (text[0] == '[') {
		if (colon[-1] != ']') {
			return false;
		}
		start++;
		end--;
	} else if (memchr(text, ':', (size_t)(colon - text)) != NULL) {
		return false; /* an IPv6 address without brackets */
	}
	if (end <= start || (size_t)(end - start) >= size) {
		return false;
	}
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	*port = colon + 1;
	return true;
}

static bool is_port(const char *text)
{
	size_t size = strspn(text, "0123456789");

	return text[size] == '\0' && size <= 5 && strtol(text, NULL, 10) <= 65535;
}

bool address_parse(const char *text, struct address *address, struct error *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char host[256];
	const char *port;

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0) {
		return parse_unix(text + 5, address, err);
	}
	if (!split(text, host, sizeof(host), &port) || !is_port(port)) {
		return error_set(err, ERROR_CONFIG,
			"'%s' is no address to listen on; write host:port, [IPv6]:port or "
			"unix:/path",
			text);
	}
	int failed = getaddrinfo(host, port, &hints, &found);
	if (failed != 0) {
		return error_set(err, ERROR_CONFIG, "cannot find the address of '%s': %s", host,
			gai_strerror(failed));
	}
	memcpy(&address->bytes, found->ai_addr, found->ai_addrlen);
	address->size = found->ai_addrlen;
	address->family = found->ai_family;
	freeaddrinfo(found);
	return true;
}

/* ---- sockets ---- */

static int fail(int fd, const char *text, const char *what, struct error *err)
{
	int why = errno;

	if (fd >= 0) {
		close(fd);
	}
	error_set(err, ERROR_IO, "cannot listen on %s: %s: %s", text, what, strerror(why));
	return -1;
}

static void set_option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

static int open_socket(const struct address *address)
{
	int fd = socket(address->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && address->family != AF_UNIX) {
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		if (address->family == AF_INET6) {
			set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0); /* [::] takes IPv4 as well */
		}
	}
	return fd;
}

static const struct sockaddr *raw(const struct address *address)
{
	return (const struct sockaddr *)&address->bytes;
}

bool address_is_free(const struct address *address, const char *text, struct error *err)
{
	int fd = open_socket(address);

	if (fd < 0 || bind(fd, raw(address), address->size) < 0 || listen(fd, 1) < 0) {
		return fail(fd, text, "bind", err) >= 0;
	}
	close(fd);
	return true;
}

/* A socket file that nobody listens on is left over from a process that was killed. */
static bool remove_stale(const struct address *address, const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode)) {
		return true; /* nothing there, or bind() will complain */
	}
	int fd = open_socket(address);
	bool alive =
		fd >= 0 && (connect(fd, raw(address), address->size) == 0 || errno != ECONNREFUSED);

	if (fd >= 0) {
		close(fd);
	}
	if (alive) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(path) == 0;
}

static int listen_unix(
	const struct address *address, const char *text, unsigned unix_mode, struct error *err)
{
	const char *path = ((const struct sockaddr_un *)&address->bytes)->sun_path;

	if (!remove_stale(address, path)) {
		return fail(-1, text, "the old socket", err);
	}
	int fd = open_socket(address);
	/* Nobody can connect before listen(), so the permissions are right from the first moment.
	 */
	if (fd < 0 || bind(fd, raw(address), address->size) < 0 ||
		chmod(path, unix_mode != 0 ? unix_mode : 0600) < 0 || listen(fd, BACKLOG) < 0) {
		return fail(fd, text, "bind", err);
	}
	return fd;
}

int address_listen(
	const struct address *address, const char *text, unsigned unix_mode, struct error *err)
{
	if (address->family == AF_UNIX) {
		return listen_unix(address, text, unix_mode, err);
	}
	int fd = open_socket(address);
	if (fd < 0) {
		return fail(fd, text, "socket", err);
	}
	set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (bind(fd, raw(address), address->size) < 0 || listen(fd, BACKLOG) < 0) {
		return fail(fd, text, "bind", err);
	}
	return fd;
}

bool address_of_socket(int fd, struct address *address)
{
	memset(address, 0, sizeof(*address));
	address->size = sizeof(address->bytes);
	if (getsockname(fd, (struct sockaddr *)&address->bytes, &address->size) < 0) {
		return false;
	}
	address->family = address->bytes.ss_family;
	return true;
}

/* ---- reading ---- */

unsigned address_port(const struct address *address)
{
	if (address->family == AF_INET) {
		return ntohs(((const struct sockaddr_in *)&address->bytes)->sin_port);
	}
	if (address->family == AF_INET6) {
		return ntohs(((const struct sockaddr_in6 *)&address->bytes)->sin6_port);
	}
	return 0;
}

void address_set_port(struct address *address, unsigned port)
{
	if (address->family == AF_INET) {
		((struct sockaddr_in *)&address->bytes)->sin_port = htons((uint16_t)port);
	} else if (address->family == AF_INET6) {
		((struct sockaddr_in6 *)&address->bytes)->sin6_port = htons((uint16_t)port);
	}
}

/* As 16 bytes, IPv4 as ::ffff:a.b.c.d. False: no internet address. */
static bool as_ipv6(const struct address *address, uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->family == AF_INET6) {
		memcpy(bytes, &((const struct sockaddr_in6 *)&address->bytes)->sin6_addr, 16);
		return true;
	}
	if (address->family == AF_INET) {
		memcpy(bytes, mapped, sizeof(mapped));
		memcpy(bytes + 12, &((const struct sockaddr_in *)&address->bytes)->sin_addr, 4);
		return true;
	}
	return false;
}

static bool is_mapped(const uint8_t bytes[16])
{
	return IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)bytes);
}

bool address_is_loopback(const struct address *address)
{
	uint8_t bytes[16];

	if (!as_ipv6(address, bytes)) {
		return true;
	}
	if (is_mapped(bytes)) {
		return bytes[12] == 127;
	}
	return memcmp(bytes, &in6addr_loopback, 16) == 0;
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
	uint8_t bytes[16];
	const char *done;

	if (!as_ipv6(address, bytes)) {
		snprintf(text, ADDRESS_TEXT_BYTES, "unix");
		return;
	}
	if (is_mapped(bytes)) {
		done = inet_ntop(AF_INET, bytes + 12, text, ADDRESS_TEXT_BYTES);
	} else {
		done = inet_ntop(AF_INET6, bytes, text, ADDRESS_TEXT_BYTES);
	}
	if (done == NULL) {
		text[0] = '\0';
	}
}

void address_key(const struct address *address, uint8_t key[ADDRESS_KEY_BYTES])
{
	if (!as_ipv6(address, key)) {
		memset(key, 0, ADDRESS_KEY_BYTES);
	} else if (!is_mapped(key)) {
		memset(key + 8, 0, 8); /* who has one address of a /64 has all of them */
	}
}
