/*
 * write: what a create, replace, patch or delete gathers on its way through flow_write.c.
 * One member group per step that fills it; later steps only read it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/value.h"
#include "gateway/rate.h"
#include "gateway/request.h"
#include "journal/entry.h"
#include "policy/decision.h"
#include "policy/engine.h"
#include "scim/members.h"
#include "scim/patch.h"
#include "scim/resource.h"
#include "store/claim.h"
#include "store/commit.h"
#include "store/record.h"

struct member;
struct members;
struct policy_question;
struct represent;
struct scim_projection;
struct value_parser;

enum write_operation { WRITE_CREATE, WRITE_REPLACE, WRITE_PATCH, WRITE_DELETE };
const char *write_operation_name(enum write_operation operation); /* "create", … */

enum {
	WRITE_SLICE = 500,         /* member changes in one policy input (product.md) */
	WRITE_TRIES = 50,          /* loads again after a conflict, within the deadline */
	WRITE_MEMBERS_SHOWN = 500, /* PATCH of a larger Group is answered 204 */
};

struct write {
	enum write_operation operation;
	const struct step *load; /* where a conflict goes back to */
	int64_t deadline_us;     /* monotonic */
	unsigned tries;

	/* parse */
	const char *if_match;      /* NULL: any version */
	const char *if_none_match; /* NULL: likewise */
	struct value_parser *parser;
	const struct value *body;
	struct scim_body resource;   /* create, replace */
	const struct value *dropped; /* names that the dialect lets us ignore; NULL: none */
	struct scim_patch patch;
	const struct scim_projection *projection;
	const struct value *const
		*lists; /* of members, wherever the body names them; for the claim */
	size_t list_count;
	bool lists_are_all; /* they are those of the steps, not what was foreseen */
	bool may_leave;     /* it may make a person inactive: the groups are claimed as well */

	/* claim */
	struct store_claim claim;
	struct store_claim_key *claim_keys;
	size_t claim_count;
	bool claim_timed_out;
	bool renames; /* a Group may get another displayName: then the tenant is claimed, and it is
			 decided like adding all its members */

	/* load */
	const struct store_resource *before; /* NULL: create */
	const struct value *before_doc;      /* as stored */
	const struct value *before_shown;    /* with the externalId of this source */
	const char *before_external;
	const struct store_ref *groups; /* of a User, before */
	size_t group_count;
	struct store_population population;

	/* apply */
	const struct value *after_doc; /* NULL: delete */
	const struct value *after_shown;
	const char *external; /* of this source, after; NULL: none */
	const struct scim_member_step *steps;
	size_t step_count;
	struct members *members;
	const struct member *added;
	const struct member *removed;
	size_t added_count;
	size_t removed_count;
	const struct value *changes;
	bool leaves; /* a person becomes inactive or goes */
	const struct member
		*judged; /* whom the policy sees as added: `added`, or all of a renamed Group */
	size_t judged_count;
	struct member *all; /* of a renamed Group, gathered page by page */
	size_t all_count;
	int64_t all_after;
	bool gathered;

	/* decide */
	struct rate_claim rate;
	struct arena *slice_arena; /* of several slices: what only one of them needs; else NULL */
	size_t slice;
	size_t slice_count;
	struct value_builder judged_values; /* members as the policy saw them, all slices */
	struct value_builder removed_values;
	uint64_t *judged_entries; /* doc_entry of each, for the journal's references */
	uint64_t *removed_entries;
	const struct value *input;       /* of the last slice; with one slice: the whole input */
	struct policy_decision decision; /* of all slices together */
	bool has_answer;                 /* false: `failure` says why there is none */
	struct policy_failure failure;
	const char *effect;      /* "allow", "deny", "hold", "error" */
	const char *reasons[64]; /* codes */
	size_t reason_count;
	const char *message;                  /* for people: the first reason's */
	const char *code;                     /* … and its code */
	const struct policy_reason *observed; /* of all slices: what would have refused it, but
						 does not act */
	size_t observed_count;
	bool overridable; /* denied by what is soft alone */
	bool overridden;  /* without request->override the answer would have been another */
	int64_t decide_us;
	const char *revision;             /* that decided it; NULL: an OPA server gave no answer */
	struct policy_question *question; /* to that server; NULL: none yet */
	int64_t asked_us;                 /* when; monotonic */
	bool weighs;                      /* it is asked once more, without the override */
	struct policy_decision weighed;   /* … what it said with it */

	/* commit */
	const struct value *final_doc; /* after obligations */
	bool noop;
	struct journal_packed packed;
	bool pack_failed;
	struct store_commit commit;
	struct store_write row;
	struct store_entry entry;
	struct store_key keys[STORE_KEYS + 1];
	struct store_apps apps;

	/* reply */
	char journal[JOURNAL_RECEIPT_BYTES];
	struct represent *represent;
};

/* ---- flow_write.c, and flow_bulk.c for its operations ---- */
/* Makes request->write and, of a create, the id. ERROR_NOT_FOUND. */
bool write_begin(struct request *request, struct error *err);
/* write->body → what it asks for. ERROR_SYNTAX, ERROR_VALUE and what else a PATCH or a resource can
 * be refused for. */
bool write_read(struct request *request, struct error *err);

/* ---- write_claim.c ---- */
step_fn write_claim_start, write_claim_finish;
/* What was claimed is not all that is touched: gives it back and starts over. */
enum step_result write_claim_again(struct request *request);
/* Is every group of the person claimed? They may have changed while the claim waited. */
bool write_claims_groups(const struct write *write);
/* Gives the claim back; at the end of the flow. */
void write_release(struct write *write);

/* ---- write_load.c ---- */
step_fn write_load_start, write_apply_start;
/* Forgets what load and the steps behind it found, before they run again. */
void write_forget(struct write *write);

bool write_same_text(const char *a, const char *b); /* NULL equals NULL only */

/* ---- write_decide.c ---- */
step_fn write_decide_start, write_decide_finish;

/* ---- write_pack.c ---- */
step_fn write_pack_start, write_pack_finish;
bool write_is_allowed(const struct write *write);
/* The policy's answer, NULL: none; of several slices the strongest one's, but observed of all. */
const struct value *write_output(struct request *request);
/* What people call the resource: {"userName": …}, {"displayName": …}, {}. */
const struct value *write_subject(struct request *request);

/* ---- write_commit.c ---- */
step_fn write_commit_start, write_commit_finish;

/* ---- write_reply.c ---- */
step_fn write_reply_start; /* start and finish of the last step */
