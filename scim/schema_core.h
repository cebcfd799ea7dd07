/*
 * The tables from which the core model is built: RFC 7643, sections 3.1, 4, 5 to 8, and our person
 * extension. Templates: what the model fills in (keys, indexes) is still empty here.
 */
#pragma once

#include "scim/schema.h"

extern const struct scim_attribute scim_common_attributes[];
extern const size_t scim_common_attribute_count;

extern const struct scim_schema scim_schema_user;
extern const struct scim_schema scim_schema_group;
extern const struct scim_schema scim_schema_enterprise;
extern const struct scim_schema scim_schema_person;

/* Of the discovery documents themselves: shown in /Schemas, no resources of theirs are stored. */
extern const struct scim_schema scim_schema_provider;
extern const struct scim_schema scim_schema_resource_type;
extern const struct scim_schema scim_schema_schema;
