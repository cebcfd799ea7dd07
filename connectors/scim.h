/*
 * scim: any SCIM 2.0 app (RFC 7644), over io/fetch.
 */
#pragma once

#include "connectors/connector.h"

extern const struct connector connector_scim;
