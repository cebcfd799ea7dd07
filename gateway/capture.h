/*
 * capture: what a source sends and what it is answered, for a while, into a file.
 *
 * Off, it costs a request one comparison: the snapshot that it holds anyway has no captures. On,
 * the worker whose request it is writes down what gateway/redact.h lets through, and hands the line
 * to the helper thread, which appends it to the file; nothing unredacted leaves the request. A
 * capture ends by itself: at its deadline, after so many requests or bytes, when it is told to, and
 * with the process; it is kept in no setting, so a restart never resumes it. The file (mode 0600,
 * in a folder of mode 0700) goes after capture.keep.
 *
 *     {"capture":1,"source":"entra","dialect":"entra","values":"pseudonyms","started":…,"until":…}
 *     {"n":1,"at":…,"request":…,"method":"PATCH","target":…,"headers":[[…]],"bytes":…,"body":{…},
 *      "reply":{"status":200,"us":812,"headers":[[…]],"bytes":…,"body":{…}}}
 *     {"end":"deadline","at":…,"requests":…,"dropped":…}
 *
 * A body that is no JSON stands as text under "raw"; one that is too long under "omitted". What the
 * server refuses before it is a request (a head that cannot be parsed, a body beyond the limit) is
 * not in a capture: see the log and the metrics.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/redact.h"
#include "gateway/request.h"
#include "gateway/snapshot.h"

struct buf;
struct captures;
struct error;
struct gateway;
struct gateway_source;
struct server_reply;

/* Why it ended. */
enum capture_end {
	CAPTURE_RUNS,
	CAPTURE_DEADLINE,
	CAPTURE_STOPPED,
	CAPTURE_REQUESTS,
	CAPTURE_BYTES,
	CAPTURE_DISK, /* the file could not be written */
	CAPTURE_GATEWAY,
};

struct capture {
	_Atomic int references;
	struct redact redact;
	struct worker *writer;
	struct gateway *gateway;
	char *path;
	int fd; /* the writer's */
	int64_t started_us;
	int64_t until_us;
	int64_t requests_max;
	int64_t bytes_max;
	_Atomic int end; /* enum capture_end: nothing is taken any more when it is not CAPTURE_RUNS
			  */
	_Atomic int64_t taken;   /* requests that have a number */
	_Atomic int64_t written; /* and are in the file */
	_Atomic int64_t dropped; /* more at once than the writer takes */
	_Atomic int64_t bytes;   /* in the file */
	_Atomic int waiting;     /* lines on their way to the writer */
};

/* ---- requests: in a worker ---- */

/* The request behind it may be one of a capture. */
void capture_request(struct request *request, const struct server_reply *reply);

/* Before each reply. */
static inline void capture_reply(struct request *request, const struct server_reply *reply)
{
	if (__builtin_expect(request->snapshot->captures != NULL, 0)) {
		capture_request(request, reply);
	}
}

/* capture_record.c: the line of a request, with its newline. Pure but for the request's arena. */
void capture_record(const struct capture *capture, struct request *request,
	const struct server_reply *reply, int64_t number, struct buf *line);

struct capture *capture_ref(struct capture *capture);
void capture_unref(struct capture *capture); /* NULL is fine */

/* ---- the captures of a gateway: in the main thread ---- */

struct captures *captures_new(struct gateway *gateway);
/* All end; their lines are in their files when the helper has run what it has. NULL is fine. */
void captures_stop_all(struct captures *captures);
void captures_free(struct captures *captures); /* behind the helper's end */

struct capture_options {
	int64_t for_us;
	int64_t requests_max;
	int64_t bytes_max;
	bool with_values;
};

#define CAPTURE_FOR_US_MAX (INT64_C(24) * 3600 * 1000000)
#define CAPTURE_REQUESTS_MAX 100000
#define CAPTURE_BYTES_MAX (INT64_C(256) * 1024 * 1024)

/*
 * Begins. ERROR_UNIQUENESS: the source has one already; ERROR_IO: the file. Requests that come
 * behind the return are in it.
 */
bool captures_start(struct captures *captures, const struct gateway_source *source,
	const struct capture_options *options, struct error *err);

/* Ends; done(user) comes in the main loop when the file is whole. False: there is none. */
bool captures_stop(struct captures *captures, const struct gateway_source *source,
	enum capture_end reason, void (*done)(void *user), void *user);

/* The running one of a source; NULL. Borrowed, until the loop's next turn. */
struct capture *captures_of(const struct captures *captures, const struct gateway_source *source);

/* For a snapshot that is being made: its references. NULL where none runs. */
struct capture **captures_share(struct captures *captures);
