# METADATA
# title: What the policy sets
# description: Changes to each new resource, as SCIM PATCH operations.
# schemas:
#   - data.access.always_set:
#       description: By type of resource. They may not name id, schemas, meta, groups, members, userName or externalId.
#       type: object
#       additionalProperties:
#         type: array
#         items:
#           type: object
#           required: [op, path]
#           additionalProperties: false
#           properties:
#             op: {type: string, enum: [add, replace, remove]}
#             path: {type: string}
#             value: {}
package scimward.rules.always_set

obligations contains change if {
	some change in data.access.always_set[input.resource_type]
	input.operation == "create"
}
