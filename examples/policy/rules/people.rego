# What a person must be like

package scimward.rules

person := "urn:scimward:params:scim:schemas:extension:person:2.0:User"

is_write if input.operation in {"create", "replace", "patch"}

is_user_write if {
	input.resource_type == "User"
	is_write
}

deny contains {
	"code": "attribute.required",
	"message": sprintf("%s is required", [name]),
} if {
	is_write
	not is_leaving # what an old account lacks does not keep it alive
	some name in data.access.required[input.resource_type]
	not input.after[name]
}

deny contains {
	"code": "email.domain",
	"message": sprintf("the domain %s is not one of ours", [domain]),
} if {
	is_user_write
	some domain in address_domains
	not domain in data.access.email_domains
}

# Only what this operation brings in is judged: an old address does not stop a leaver.
address_domains contains domain_of(mail.value) if {
	some mail in input.after.emails
	addresses_changed
}

address_domains contains domain_of(input.after.userName) if {
	contains(input.after.userName, "@")
	user_name_changed
}

addresses_changed if input.operation == "create"

addresses_changed if {
	some change in input.changes
	change.path == "emails"
}

user_name_changed if input.operation == "create"

user_name_changed if {
	some change in input.changes
	change.path == "userName"
}

domain_of(address) := lower(regex.replace(address, `^.*@`, ""))

# ---- contractors ----

is_contractor if input.after[person].kind == "contractor"

# A contractor without an end date may not come in, nor be switched on; disabling is always fine.
deny contains {
	"code": "contractor.end_date",
	"message": sprintf("a contractor needs an endDate at most %d days ahead", [data.access.contractors.max_days]),
} if {
	is_user_write
	is_contractor
	not input.after.active == false
	not has_good_end_date
}

has_good_end_date if {
	left_ns := time.parse_rfc3339_ns(input.after[person].endDate) - time.parse_rfc3339_ns(input.time)
	left_ns > 0
	left_ns <= data.access.contractors.max_days * 86400000000000
}

# ---- protected accounts ----

is_protected(name) if {
	some pattern in data.access.protected_accounts.patterns
	glob.match(pattern, [], lower(name))
}

deny contains {
	"code": "account.protected",
	"message": sprintf("%s is a protected account", [input.before.userName]),
} if {
	input.resource_type == "User"
	input.operation != "create"
	is_protected(input.before.userName)
	not may_touch_protected
}

# Nobody slips into the name of a protected account either.
deny contains {
	"code": "account.protected",
	"message": sprintf("%s is the name of a protected account", [input.after.userName]),
} if {
	is_user_write
	user_name_changed
	is_protected(input.after.userName)
	not may_touch_protected
}

may_touch_protected if {
	some key in source_keys
	key in data.access.protected_accounts.by
}
