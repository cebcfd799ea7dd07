/*
 * entry: what the journal says of one event, and its bytes.
 *
 * An entry has two parts.
 *
 * The *leaf* is canonical JSON (members sorted, no white space) of at most JOURNAL_LEAF_LIMIT
 * bytes. It is what the Merkle tree hashes, what bundles carry and what never goes away: no
 * personal data, no index. What does not apply is absent:
 *
 *     actor {id, type} (absent: the source itself)        app          decision (its index)
 *     effect       kind         latency_us    noop        operation    outcome     overridden
 *     payload {bytes, hmac}     reasons [code]            reasons_cut (codes that had no room)
 *     request      resource {id, type}        revision    source       tenant       time      trace
 *
 * payload.hmac is the base64 HMAC-SHA256 of the payload's JSON under the payload's own salt,
 * payload.bytes that JSON's length.
 *
 * The *payload* has the rest, in a row of its own, so that a person can be erased without breaking
 * a proof. Its JSON is canonical, too; each member may be absent:
 *
 *     before   {"entry": 41, "with": {…}}: the policy input's `before` by reference: the document
 * that entry 41 stored, and the members that are no part of a stored document (JOURNAL_UNSTORED).
 * Without it input.before stands whole. detail   anything else input    the policy's input, without
 * what stands elsewhere (compact.h) output   the policy's answer stored   the document as
 * obligations left it; absent: input.after is what was stored subject  what people call the
 * resource
 *
 * How it becomes bytes is payload.h's; it opens only with its leaf.
 *
 * Pure. A packer belongs to one thread; everything else is reentrant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/merkle.h"

struct arena;
struct error;
struct value;

#define JOURNAL_LEAF_LIMIT 1024
#define JOURNAL_PAYLOAD_LIMIT ((size_t)64 << 20) /* bytes of the payload's JSON */
#define JOURNAL_NONE UINT64_MAX                  /* no such index */

/* Members of a SCIM resource that are columns or rows, not part of a stored document.
 * NULL-terminated. */
extern const char *const JOURNAL_UNSTORED[];

enum journal_kind {
	JOURNAL_DECISION, /* a policy's answer to one operation, or that there was none (effect
			     error) */
	JOURNAL_DELIVERY, /* what became of a decision in one app */
	JOURNAL_POLICY,   /* a revision took over; its full name stands in detail */
	JOURNAL_APPROVAL, /* somebody approved or refused what was held */
	JOURNAL_SYSTEM,   /* start, restore, token made, source paused; `operation` says which */
	JOURNAL_ACCESS,   /* somebody asked whether a person may do something; see access.journal */
	JOURNAL_SHADOW,   /* a candidate would have decided otherwise; see policy.shadow */
	JOURNAL_KIND_COUNT,
};

const char *journal_kind_name(enum journal_kind kind); /* "decision", … */

/*
 * What the caller fills in; JOURNAL_ENTRY_INIT starts one. NULL and JOURNAL_NONE leave a member
 * out.
 *
 * Texts of the leaf are cut (with "…") beyond the caps of leaf.h: 24 bytes for operation, effect,
 * outcome and types, 56 for names and ids, 72 for the revision. `request` is an id that we made:
 * one from a client could be anything.
 */
struct journal_entry {
	/* ---- leaf: no personal data in any of these ---- */
	enum journal_kind kind;
	int64_t time_us; /* equals the policy input's `time` */
	const char *tenant;
	const char *source;
	const char *actor_type; /* source | user | job | system */
	const char *actor_id;   /* of a user: the resource id, never a name */
	const char *operation;
	const char *resource_type;
	const char *resource_id;
	const char *effect;
	const char *const *reasons; /* codes */
	size_t reason_count;
	bool noop;
	bool overridden; /* an admin's override (input.override) made it pass what is soft */
	const char *
		revision; /* short and unique; the policy entry of that revision has the full one */
	int64_t latency_us; /* from request to decision; < 0: absent */
	const char *request;
	const char *trace;   /* 32 hex digits of traceparent */
	const char *app;     /* of a delivery */
	const char *outcome; /* of a delivery: delivered | superseded | parked | … */
	uint64_t decision;   /* of a delivery or approval: index of the decision */

	/* ---- payload: values are only read; all may be NULL ---- */
	const struct value *input; /* the policy's input, whole, as it was decided */
	const struct value
		*output; /* the policy's answer: reasons with messages, obligations, apps */
	const struct value
		*stored; /* the document after obligations when it differs from input.after */
	const struct value *subject; /* what people call it: {"userName": …} or {"displayName": …};
					filters see it */
	const struct value
		*detail; /* anything else: error text, app's answer, member ids, full revision */
	/*
	 * Index of the entry that made the stored document in input.before. The caller vouches that
	 * input.before without JOURNAL_UNSTORED equals that document. JOURNAL_NONE: before stands
	 * whole.
	 */
	uint64_t before_entry;
	/* The same for input.members.added[i].user and removed[i].user; as many as these, or NULL:
	 * users stand whole. */
	const uint64_t *added_entries;
	const uint64_t *removed_entries;
};

#define JOURNAL_ENTRY_INIT                                                                         \
	{                                                                                          \
		.latency_us = -1, .decision = JOURNAL_NONE, .before_entry = JOURNAL_NONE           \
	}

/* Ready for the committer. Bytes live in the arena that journal_pack() was given. */
struct journal_packed {
	const uint8_t *leaf;
	size_t leaf_size;
	struct journal_hash leaf_hash;
	const uint8_t *payload;
	size_t payload_size; /* 0: the entry has none (no value was given) */
};

/* Compressor state and scratch memory of one thread: 60 KiB, up to 1 MiB after large entries. */
struct journal_packer;
struct journal_packer *journal_packer_new(void);
void journal_packer_free(struct journal_packer *packer); /* NULL is fine */

/* Builds the bytes. ERROR_TOO_LARGE: the payload is beyond JOURNAL_PAYLOAD_LIMIT. Nothing else
 * fails. */
bool journal_pack(struct journal_packer *packer, struct arena *arena,
	const struct journal_entry *entry, struct journal_packed *packed, struct error *err);

/* An entry read back. Values live in the arena that was given; leaf and payload are canonical when
 * printed. */
struct journal_record {
	uint64_t index;
	enum journal_kind kind;
	const struct value *leaf;
	const struct value *payload; /* as packed, references unresolved; NULL: none, erased, or not
					asked for */
	bool erased;                 /* the leaf commits to a payload that is not there */
	struct journal_hash leaf_hash;
};

/*
 * Bytes to values; for show, tail, replay and verify. payload NULL: erased or not wanted.
 * Both are checked: the leaf is canonical and complete, the payload is what the leaf commits to.
 * ERROR_IO otherwise, with a sentence that names what is wrong but not the index.
 * Decompression is bounded by the leaf's payload.bytes and JOURNAL_PAYLOAD_LIMIT.
 */
bool journal_entry_read(struct arena *arena, uint64_t index, const void *leaf, size_t leaf_size,
	const void *payload, size_t payload_size, struct journal_record *record, struct error *err);

/*
 * Does the payload belong to the leaf? The check of journal_entry_read() without making its values;
 * the arena is for scratch. payload NULL: only the leaf is checked. *commits (may be NULL): the
 * leaf commits to a payload. ERROR_IO: no.
 */
bool journal_entry_check(struct arena *arena, const void *leaf, size_t leaf_size,
	const void *payload, size_t payload_size, bool *commits, struct error *err);

/* The value of the reply header Scimward-Journal: "<index> <base64 leaf hash>". */
#define JOURNAL_RECEIPT_BYTES 72
void journal_receipt(
	uint64_t index, const struct journal_hash *leaf_hash, char text[JOURNAL_RECEIPT_BYTES]);
