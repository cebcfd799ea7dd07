# METADATA
# title: App assignment
# description: |
#   In which apps a resource exists, by what it is. It is computed at each write, so that a mover changes his
#   apps; whoever leaves is taken out of all of them by scimward itself. Types without a row go to every app.
# schemas:
#   - data.access.apps:
#       description: By type of resource and app, attributes and the values that assign it; {} is every resource.
#       type: object
#       additionalProperties:
#         type: object
#         additionalProperties:
#           type: object
#           additionalProperties: {type: array, items: {type: string}}
package scimward.rules.apps

import data.scimward.operation

names := {app |
	some app, conditions in rows
	operation.matches(input.after, conditions)
} if {
	operation.is_write
	not operation.is_leaving
	rows := data.access.apps[input.resource_type]
}
