/*
 * Help of the program, of a noun, of a verb: printed from the rows. Private to cli/.
 */
#pragma once

#include <stdio.h>

struct cli_command;

void cli_help_program(FILE *out);
void cli_help_noun(FILE *out, const char *noun);
void cli_help_command(FILE *out, const struct cli_command *row);
