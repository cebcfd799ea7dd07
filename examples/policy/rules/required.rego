# METADATA
# title: Required attributes
# description: |
#   What a resource of each type must have. What an old account lacks does not keep it alive.
# schemas:
#   - data.access.required:
#       description: By type of resource, names of attributes of the core, the enterprise or the person extension.
#       type: object
#       additionalProperties: {type: array, items: {type: string}}
# custom:
#   codes:
#     attribute.required: it is missing, or empty
package scimward.rules.required

import data.scimward.operation

deny contains {
	"code": "attribute.required",
	"message": sprintf("%s is required", [name]),
} if {
	operation.is_write
	not operation.is_leaving
	some name in data.access.required[input.resource_type]
	not is_there(name)
}

is_there(name) if {
	value := operation.attribute(input.after, name)
	not value in {"", []}
}
