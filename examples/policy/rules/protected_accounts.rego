# METADATA
# title: Protected accounts
# description: |
#   Accounts that no source but those of `by` may change, disable or delete; nobody takes their names either.
# schemas:
#   - data.access.protected_accounts:
#       type: object
#       required: [patterns, by]
#       additionalProperties: false
#       properties:
#         patterns: {type: array, items: {type: string}, description: "Over userName, in lower case; * is any text."}
#         by: {type: array, items: {type: string}, description: Sources that may.}
# custom:
#   codes:
#     account.protected: the account, or its name, is protected
package scimward.rules.protected_accounts

import data.scimward.operation

deny contains {
	"code": "account.protected",
	"message": sprintf("%s is a protected account", [input.before.userName]),
} if {
	input.resource_type == "User"
	input.operation != "create"
	is_protected(input.before.userName)
	not may_touch
}

deny contains {
	"code": "account.protected",
	"message": sprintf("%s is the name of a protected account", [input.after.userName]),
} if {
	operation.is_user_write
	operation.brings_in("userName")
	is_protected(input.after.userName)
	not may_touch
}

is_protected(name) if {
	some pattern in data.access.protected_accounts.patterns
	glob.match(pattern, [], lower(name))
}

may_touch if {
	some key in operation.source_keys
	key in data.access.protected_accounts.by
}
