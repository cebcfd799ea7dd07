# METADATA
# title: Naming
# description: What names must look like. Only what an operation brings in is judged.
# schemas:
#   - data.access.naming:
#       description: By type of resource and attribute, a regular expression (RE2) for its text.
#       type: object
#       additionalProperties:
#         type: object
#         additionalProperties: {type: string, format: regex}
# custom:
#   codes:
#     naming.pattern: the value does not match
package scimward.rules.naming

import data.scimward.operation

deny contains {
	"code": "naming.pattern",
	"message": sprintf("%s %q does not look as it must: %s", [name, value, pattern]),
} if {
	operation.is_write
	not operation.is_leaving
	some name, pattern in data.access.naming[input.resource_type]
	operation.brings_in(name)
	value := input.after[name]
	is_string(value)
	not regex.match(pattern, value)
}
