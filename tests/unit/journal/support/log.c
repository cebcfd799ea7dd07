#include "tests/unit/journal/support/log.h"

#include <assert.h>
#include <string.h>
#include "journal/key.h"

static_assert(
	sizeof(((struct error *)0)->text) <= sizeof(((struct journal_verify_report *)0)->problem),
	"a reason fits");

static const char key_text[] = "PRIVATE+KEY+scimward.example.com/journal+d76d62a6+"
			       "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

void log_init(struct log *log, uint32_t seed)
{
	*log = (struct log){ 0 };
	disk_init(&log->disk, seed);
	log->files = disk_files(&log->disk);
	log->key = journal_key_parse(key_text, strlen(key_text), &log->err);
}

void log_fini(struct log *log)
{
	log_close(log);
	rows_fini(&log->rows);
	disk_fini(&log->disk);
	journal_key_free(log->key);
}

void log_close(struct log *log)
{
	journal_writer_close(log->writer);
	log->writer = NULL;
}

bool log_try_open(struct log *log)
{
	const struct journal_writer_options options = {
		.directory = "/j/log",
		.state_path = "/j/signed",
		.key = log->key,
		.source = rows_source(&log->rows),
		.files = &log->files,
	};

	log_close(log);
	log->err = (struct error){ 0 };
	log->writer = journal_writer_open(&options, &log->err);
	return log->writer != NULL;
}

bool log_try_publish(struct log *log)
{
	bool more = true;

	log->err = (struct error){ 0 };
	while (more) {
		if (!journal_writer_publish(log->writer, &more, &log->err)) {
			return false;
		}
	}
	return true;
}

struct journal_verify_report log_verify(struct log *log, bool rows)
{
	struct journal_source source = rows_source(&log->rows);
	const struct journal_verify_options options = {
		.directory = "/j/log",
		.state_path = rows ? "/j/signed" : NULL,
		.source = rows ? &source : NULL,
		.files = &log->files,
	};
	struct journal_verify_report report;
	struct error err = { 0 };

	if (!journal_verify(&options, &report, &err)) {
		memcpy(report.problem, err.text, sizeof(err.text));
	}
	return report;
}
