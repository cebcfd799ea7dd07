/*
 * The flows: what happens in which order. Each is a table of steps, ended by a row without a name;
 * the last step replies. Read them in flow_write.c, flow_read.c and flow_info.c.
 */
#pragma once

#include "gateway/request.h"

/* flow_write.c: create, replace, patch, delete; which one says the method. */
extern const struct step flow_write[];

/* flow_bulk.c */
extern const struct step flow_bulk[];

/* flow_event.c */
extern const struct step flow_event[];

/* flow_read.c */
extern const struct step flow_get[];
extern const struct step flow_list[];
extern const struct step flow_search[];

/* flow_data.c: OPA's data API */
extern const struct step flow_data[];

/* flow_access.c: OpenID AuthZEN */
extern const struct step flow_evaluation[];
extern const struct step flow_evaluations[];
extern const struct step flow_search_subject[];
extern const struct step flow_search_resource[];
extern const struct step flow_search_action[];
extern const struct step flow_authzen[];

/* flow_info.c */
extern const struct step flow_provider[];
extern const struct step flow_types[];
extern const struct step flow_schemas[];
extern const struct step flow_options[]; /* 204 with Allow */
extern const struct step flow_method[];  /* 405 */
extern const struct step flow_nothing[]; /* 401 or 404 */
extern const struct step flow_livez[];
extern const struct step flow_readyz[];
extern const struct step flow_journal[];
