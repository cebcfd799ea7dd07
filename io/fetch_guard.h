/*
 * Where outgoing requests may go, decided on the address that was resolved. For io/fetch.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "io/fetch.h"

struct sockaddr;

struct fetch_guard {
	bool allow_private;
	bool plain; /* http://: private addresses only */
	const struct fetch_network *networks;
	size_t network_count;
};

/* False: this address is not for us. Only IPv4 and IPv6. */
bool fetch_guard_allows(const struct fetch_guard *guard, const struct sockaddr *address);
/* The same for its text, as inet_ntop() writes it. */
bool fetch_guard_allows_text(const struct fetch_guard *guard, const char *address);
