/*
 * Rules of the configuration that only layers above config/ can judge: does a filter parse, is
 * there such a profile, a connector, a dialect, are the schema files good. `config check` and
 * `serve` apply them, so that both say the same at the same places.
 */
#pragma once

#include <stdbool.h>

struct config;
struct config_report;

/* False: report has problems. */
bool config_rules_check(const struct config *config, struct config_report *report);
