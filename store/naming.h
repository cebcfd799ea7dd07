/*
 * Names → numbers, made by the committer. Internal to store/; the door is store_name_get().
 */
#pragma once

#include "store/writer.h"

struct store_naming {
	int kind;
	const char *name;
	int id; /* the answer */
};

enum writer_result naming_apply(struct writer *writer, struct store_commit *commit);
