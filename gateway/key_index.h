/*
 * key_index: keys for what is there already.
 *
 * A unique attribute is enforced and found through keys that each write takes. When the schema
 * files make another set of attributes unique (or compare them otherwise), the keys of all
 * resources are taken anew, once, before anyone is served: else a look-up would miss what was
 * written before.
 */
#pragma once

#include <stdbool.h>

struct error;
struct gateway;

/*
 * At start, after names_resolve() and before the workers. Costs one read of a setting when nothing
 * has changed, else a walk over all resources of the model's types. ERROR_CONFIG: resources share a
 * value that is to be unique; each pair is logged (`value_taken_twice`) and the gateway must not
 * start. ERROR_STORE.
 */
bool key_index_update(struct gateway *gateway, struct error *err);
