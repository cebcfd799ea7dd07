# METADATA
# title: Domains
# description: |
#   E-mail addresses, and user names that are addresses, are of one of our domains. Only what an operation
#   brings in is judged, and all of it when somebody is switched on.
# schemas:
#   - data.access.email_domains:
#       description: Domains in lower case; "*.example.com" is each one below example.com.
#       type: array
#       items: {type: string}
# custom:
#   codes:
#     email.domain: the domain is not one of ours
package scimward.rules.email_domains

import data.scimward.operation

deny contains {
	"code": "email.domain",
	"message": sprintf("the domain %s is not one of ours", [domain]),
} if {
	operation.is_user_write
	data.access.email_domains
	some domain in domains
	not is_ours(domain)
}

domains contains domain_of(mail.value) if {
	operation.takes_effect("emails")
	some mail in input.after.emails
}

domains contains domain_of(input.after.userName) if {
	operation.takes_effect("userName")
	contains(input.after.userName, "@")
}

domain_of(address) := lower(parts[count(parts) - 1]) if parts := split(address, "@")

is_ours(domain) if domain in data.access.email_domains

else if {
	some pattern in data.access.email_domains
	startswith(pattern, "*.")
	endswith(domain, trim_prefix(pattern, "*"))
}
