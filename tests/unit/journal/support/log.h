/*
 * log: a writer on a disk in memory, with rows in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "journal/verify.h"
#include "journal/writer.h"
#include "tests/unit/journal/support/disk.h"
#include "tests/unit/journal/support/rows.h"

struct log {
	struct disk disk;
	struct journal_files files;
	struct rows rows;
	struct journal_key *key;
	struct journal_writer *writer; /* NULL: closed */
	struct error err;              /* of the last try */
};

/* The directory is /j/log, the state /j/signed. */
void log_init(struct log *log, uint32_t seed);
void log_fini(struct log *log);

/* Opens it anew. */
bool log_try_open(struct log *log);
void log_close(struct log *log);
/* All that the rows have. */
bool log_try_publish(struct log *log);
/* rows: hold it against them and the state, too. A check that cannot be made is not intact. */
struct journal_verify_report log_verify(struct log *log, bool rows);
