/*
 * The configuration that is in force, for people and programs; and what a reload cannot change.
 *
 * Values are printed as they were written, references not replaced; literal secrets are "***".
 * Pure.
 */
#pragma once

#include <stdbool.h>

struct buf;
struct config;

/* Every key with its value, as YAML that loads again but for "***". origin: where each comes from,
 * as a comment. */
void config_show(const struct config *config, bool origin, struct buf *buf);

/* The same as one JSON object: {"apps[0].url": {"value": "…", "origin": "scimward.yaml:12"}};
 * "default" is the other origin. */
void config_show_json(const struct config *config, struct buf *buf);

/* Names of keys whose values differ and that a reload cannot change, one a line. False: none. */
bool config_needs_restart(const struct config *running, const struct config *next, struct buf *buf);
