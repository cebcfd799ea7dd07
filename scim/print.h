/*
 * Resources as they leave: document + what lives beside it → JSON text.
 *
 * Printed straight into a buf. Where nothing is projected away the document's
 * stored text is spliced in as it is, without parsing it.
 *
 *	scim_print_open(buf, &outward);            {"schemas":…,"id":…,…
 *	scim_print_reference(buf, &outward, &it);  one of groups or members, any number, in slices
 *	scim_print_close(buf, &outward);           }
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct scim_projection;
struct scim_resource_type;
struct value;

struct scim_outward {
	const struct scim_resource_type *type;
	const struct scim_projection *projection; /* NULL: everything that is returned by default */
	const char *base; /* "https://host/scim/v2", without a slash at the end */
	const char *id;
	const char *external_id; /* of the asking source; NULL: none */
	int64_t version;
	int64_t created_us;
	int64_t modified_us;
	/* One of both. The text is canonical JSON of a document, as value_print() makes it. */
	const struct value *doc;
	const char *doc_text;
	size_t doc_size;
	struct arena *arena; /* used only when doc_text has to be parsed */
	bool leftovers; /* the document may hold what the type does not describe: it is left out */

	/* Kept by the functions below. */
	size_t references; /* printed so far */
	unsigned parts;    /* of a reference: which are wanted */
};

/* A member of a Group or a group of a User. */
struct scim_reference {
	const char *id;
	const char *display; /* NULL: left out */
	size_t display_size;
};

void scim_print_open(struct buf *buf, struct scim_outward *outward);
void scim_print_reference(
	struct buf *buf, struct scim_outward *outward, const struct scim_reference *reference);
void scim_print_close(struct buf *buf, struct scim_outward *outward);

/* "<base>/Users/<id>", for Location and meta.location. */
void scim_print_location(
	struct buf *buf, const char *base, const struct scim_resource_type *type, const char *id);
