#include "connectors/connector.h"

#include <string.h>
#include "connectors/scim.h"

/* One row per kind of app. */
static const struct connector *const connectors[] = { &connector_scim };

const struct connector *connector_find(const char *name)
{
	for (size_t i = 0; i < sizeof(connectors) / sizeof(connectors[0]); i++) {
		if (strcmp(connectors[i]->name, name) == 0) {
			return connectors[i];
		}
	}
	return NULL;
}

const char *connector_names(void)
{
	return "scim";
}

const char *connector_class_name(enum connector_class class)
{
	static const char *const names[] = {
		[CONNECTOR_OK] = "ok",
		[CONNECTOR_NOT_FOUND] = "not_found",
		[CONNECTOR_CONFLICT] = "conflict",
		[CONNECTOR_LATER] = "later",
		[CONNECTOR_UNKNOWN] = "unknown",
		[CONNECTOR_CREDENTIALS] = "credentials",
		[CONNECTOR_UNSUPPORTED] = "unsupported",
		[CONNECTOR_TOO_LARGE] = "too_large",
		[CONNECTOR_REFUSED] = "refused",
	};

	return names[class];
}
