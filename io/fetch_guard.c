#include "io/fetch_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include "base/error.h"

enum class {
	CLASS_PUBLIC,
	CLASS_PRIVATE, /* allow_private opens these */
	CLASS_SPECIAL, /* only an explicit network opens these: cloud metadata, multicast, tunnels …
			*/
};

/* RFC 6890 and the registries of special addresses that it began. More specific rows first. */
static const struct {
	const char *text;
	enum class class;
} table[] = {
	{ "0.0.0.0/8", CLASS_SPECIAL },
	{ "10.0.0.0/8", CLASS_PRIVATE },
	{ "100.64.0.0/10", CLASS_PRIVATE },
	{ "127.0.0.0/8", CLASS_PRIVATE },
	{ "169.254.0.0/16", CLASS_SPECIAL },
	{ "172.16.0.0/12", CLASS_PRIVATE },
	{ "192.0.0.0/24", CLASS_SPECIAL },
	{ "192.0.2.0/24", CLASS_SPECIAL },
	{ "192.88.99.0/24", CLASS_SPECIAL },
	{ "192.168.0.0/16", CLASS_PRIVATE },
	{ "198.18.0.0/15", CLASS_SPECIAL },
	{ "198.51.100.0/24", CLASS_SPECIAL },
	{ "203.0.113.0/24", CLASS_SPECIAL },
	{ "224.0.0.0/4", CLASS_SPECIAL },
	{ "240.0.0.0/4", CLASS_SPECIAL },
	{ "::1/128", CLASS_PRIVATE },
	{ "::/96", CLASS_SPECIAL },
	{ "64:ff9b::/96", CLASS_SPECIAL },
	{ "64:ff9b:1::/48", CLASS_SPECIAL },
	{ "100::/64", CLASS_SPECIAL },
	{ "2001::/23", CLASS_SPECIAL },
	{ "2001:db8::/32", CLASS_SPECIAL },
	{ "2002::/16", CLASS_SPECIAL },
	{ "3fff::/20", CLASS_SPECIAL },
	{ "5f00::/16", CLASS_SPECIAL },
	{ "fc00::/7", CLASS_PRIVATE },
	{ "fe80::/10", CLASS_SPECIAL },
	{ "fec0::/10", CLASS_SPECIAL },
	{ "ff00::/8", CLASS_SPECIAL },
};

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool is_within(const struct fetch_network *network, const uint8_t address[16])
{
	unsigned bytes = network->bits / 8;
	unsigned rest = network->bits % 8;

	if (memcmp(network->address, address, bytes) != 0) {
		return false;
	}
	return rest == 0 || ((network->address[bytes] ^ address[bytes]) >> (8 - rest)) == 0;
}

static bool parse_bits(const char *text, unsigned limit, unsigned *bits)
{
	unsigned value = 0;

	if (text[0] == '\0' || strlen(text) > 3 || strspn(text, "0123456789") != strlen(text)) {
		return false;
	}
	for (; *text != '\0'; text++) {
		value = value * 10 + (unsigned)(*text - '0');
	}
	*bits = value;
	return value <= limit;
}

static bool has_host_bits(const struct fetch_network *network)
{
	for (unsigned bit = network->bits; bit < 128; bit++) {
		if ((network->address[bit / 8] & (0x80 >> bit % 8)) != 0) {
			return true;
		}
	}
	return false;
}

bool fetch_network_parse(const char *text, struct fetch_network *network, struct error *err)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
	bool good = false;

	*network = (struct fetch_network){ .bits = 128 };
	if (size < sizeof(address)) {
		memcpy(address, text, size);
		address[size] = '\0';
		if (inet_pton(AF_INET, address, network->address + 12) == 1) {
			memcpy(network->address, mapped_prefix, sizeof(mapped_prefix));
			good = slash == NULL || parse_bits(slash + 1, 32, &network->bits);
			network->bits += slash != NULL ? 96 : 0;
		} else if (inet_pton(AF_INET6, address, network->address) == 1) {
			good = slash == NULL || parse_bits(slash + 1, 128, &network->bits);
		}
	}
	if (!good) {
		return error_set(err, ERROR_CONFIG,
			"'%s' is no network; write 10.1.0.0/16, fd00::/8 or one address", text);
	}
	if (has_host_bits(network)) {
		return error_set(err, ERROR_CONFIG,
			"'%s' has bits set behind its prefix of %s; is the prefix right?", text,
			slash != NULL ? slash : "/128");
	}
	return true;
}

static enum class classify(const uint8_t address[16]) {
	struct fetch_network network;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++){
		if (fetch_network_parse(table[i].text, &network, NULL) &&
			is_within(&network, address)){ return table[i].class; }
}
return CLASS_PUBLIC;
}

static bool allows(const struct fetch_guard *guard, const uint8_t address[16], bool disguised)
{
	for (size_t i = 0; i < guard->network_count; i++) {
		if (is_within(&guard->networks[i], address)) {
			return true;
		}
	}
	switch (classify(address)) {
	case CLASS_PRIVATE:
		return guard->allow_private;
	case CLASS_PUBLIC:
		return !guard->plain && !disguised;
	case CLASS_SPECIAL:
		break;
	}
	return false;
}

bool fetch_guard_allows(const struct fetch_guard *guard, const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (address->sa_family == AF_INET) {
		memcpy(bytes, mapped_prefix, sizeof(mapped_prefix));
		memcpy(bytes + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			4);
		return allows(guard, bytes, false);
	}
	if (address->sa_family == AF_INET6) {
		memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
		/* ::ffff:8.8.8.8 is nobody's way to write 8.8.8.8 in good faith. */
		return allows(
			guard, bytes, memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0);
	}
	return false;
}

bool fetch_guard_allows_text(const struct fetch_guard *guard, const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const void *found = NULL;

	if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
		found = &in;
	} else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1) {
		found = &in6;
	}
	return found != NULL && fetch_guard_allows(guard, found);
}
