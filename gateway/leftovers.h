/*
 * leftovers: may stored documents hold attributes that no schema describes any more?
 *
 * A schema file that goes leaves its values in the documents: nobody may change them without a
 * decision. While there can be such, what is sent is printed attribute by attribute instead of as
 * it is stored.
 */
#pragma once

#include <stdbool.h>

struct error;
struct gateway;

/* At start: sets gateway->leftovers and remembers the attributes of this model. ERROR_STORE. */
bool leftovers_find(struct gateway *gateway, struct error *err);
