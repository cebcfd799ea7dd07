/*
 * An explanation (policy/explain.h, and what was asked) for people: text, or Markdown for a ticket
 * or a pull request. Private to cli/.
 */
#pragma once

#include <stdbool.h>

struct cli;
struct value;

/* prefix: before names of the policy's files. */
void explain_print(
	const struct cli *cli, const struct value *explanation, const char *prefix, bool markdown);
