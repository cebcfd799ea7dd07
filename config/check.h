/*
 * Rules that concern several keys: names that are unique, TLS beyond loopback, one policy. Private
 * to config/.
 */
#pragma once

#include <stdbool.h>

struct config;
struct config_report;

/* Fills the tenants as well. False: report has problems. */
bool config_check(struct config *config, struct config_report *report);
