/*
 * YAML tree × table of keys → struct config. Private to config/.
 *
 * Walks the whole tree and goes on after each problem, so that all are reported at once. What lacks
 * a value gets the default of its row. Rules that concern several keys are in config/check.c.
 */
#pragma once

#include <stdbool.h>

struct config;
struct config_report;
struct yaml_node;

/* Fills *config, whose file is set; false: report has problems. config_free() is right in both
 * cases. */
bool config_bind(struct config *config, const struct yaml_node *root, struct config_report *report);
