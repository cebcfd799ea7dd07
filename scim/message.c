#include "scim/message.h"

#include <strings.h>
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"

bool scim_message_check(const struct scim_dialect *dialect, const struct value *schemas,
	const char *urn, struct error *err)
{
	if (value_is(schemas, VALUE_STRING) && scim_dialect_has(dialect, SCIM_WRAPPED_SINGLE) &&
		strcasecmp(value_text(schemas), urn) == 0) {
		return true;
	}
	for (size_t i = 0; i < value_count(schemas); i++) {
		const struct value *item = value_at(schemas, i);

		if (value_is(item, VALUE_STRING) && strcasecmp(value_text(item), urn) == 0) {
			return true;
		}
	}
	return scim_dialect_has(dialect, SCIM_NO_SCHEMAS) ||
	       error_set(err, ERROR_SYNTAX, "schemas must name '%s'", urn);
}
