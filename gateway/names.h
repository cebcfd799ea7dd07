/*
 * names: what the names of the configuration mean: sources, apps, tenants → numbers of the store,
 * dialects, filters. Once, at start.
 */
#pragma once

#include <stdbool.h>

struct error;
struct gateway;
struct scim_key;
struct scim_resource_type;
struct store_key;

/* Fills gateway->sources and apps. ERROR_CONFIG: a dialect or a filter that is none; ERROR_STORE.
 */
bool names_resolve(struct gateway *gateway, struct error *err);
/*
 * A key of SCIM (scim/key.h) as a key of the store, in the eyes of one source of a tenant. kind 0:
 * the store has no rows of that kind.
 */
struct store_key names_store_key(const struct gateway *gateway, int tenant, int source,
	const struct scim_resource_type *type, const struct scim_key *key);
void names_free(struct gateway *gateway);
