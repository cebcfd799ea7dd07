/*
 * names: what the names of the configuration mean: sources, apps, tenants → numbers of the store,
 * dialects, filters. Once, at start.
 */
#pragma once

#include <stdbool.h>

struct error;
struct gateway;

/* Fills gateway->sources and apps. ERROR_CONFIG: a dialect or a filter that is none; ERROR_STORE.
 */
bool names_resolve(struct gateway *gateway, struct error *err);
void names_free(struct gateway *gateway);
