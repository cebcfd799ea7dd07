/*
 * Between the files of check.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_report;

struct checker {
	struct config *config;
	struct config_report *report;
	bool ok;
};

/* A problem at the place of path, or of the file as a whole. hint may be NULL. */
void check_complain(struct checker *checker, const char *path, const char *hint, const char *format,
	...) __attribute__((format(printf, 4, 5)));

/* "apps[2].url"; lives as long as the report. */
const char *check_path_of(struct checker *checker, const char *list, size_t index, const char *key);

/* check_policy.c: policy, policy.shadow and signers. */
void check_policy(struct checker *checker);
