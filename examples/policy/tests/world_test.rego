# METADATA
# title: What the tests of the modules share
# description: |
#   Inputs as scimward makes them, and data in which nothing is restricted, so that a test says what its
#   module needs and no change of access/data.yaml breaks it.
package scimward.world_test

import data.scimward

# Every source may do everything; each test adds the data of its module.
open := {
	"levels": {},
	"sources": {"entra": {"User": all, "Group": all}, "console": {"User": all, "Group": all}},
	"may_change": {"console": ["*"]},
}

all := ["create", "replace", "patch", "delete"]

person := "urn:scimward:params:scim:schemas:extension:person:2.0:User"

enterprise := "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# ---- answers ----

codes(document, access) := found if {
	found := {reason.code | some reason in scimward.decision.reasons} with input as document
		with data.access as object.union(open, access)
}

effect(document, access) := found if {
	found := scimward.decision.effect with input as document with data.access as object.union(open, access)
}

decision(document, access) := found if {
	found := scimward.decision with input as document with data.access as object.union(open, access)
}

# ---- inputs ----

base := {
	"version": 1, "mode": "test", "time": "2026-11-24T04:00:00Z", "tenant": "default",
	"source": {"name": "entra", "dialect": "entra", "kind": "idp"}, "actor": {"type": "source", "id": "entra"},
	"id": "0192f0c1-0000-7000-8000-000000000001", "request": {"id": "r1"}, "rate": calm,
}

calm := {
	"deactivations": {"recent": 0, "this": 0, "population": 100, "window_s": 3600},
	"removals": {"recent": 0, "this": 0, "population": 100, "window_s": 3600},
}

console := {"source": {"name": "console", "dialect": "standard", "kind": "admin"}, "actor": {"type": "source", "id": "console"}}

by_person(id, groups) := {"actor": {"type": "user", "id": id, "groups": groups}}

anna := {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "anna@example.com", "active": true, "emails": [{"value": "anna@example.com", "type": "work"}]}

create_user(user) := object.union(base, {"operation": "create", "resource_type": "User", "after": user, "groups": [], "changes": [{"path": "userName", "after": user.userName}]})

patch_user(before, after, changes) := object.union(base, {"operation": "patch", "resource_type": "User", "origin": {"source": "entra"}, "before": before, "after": after, "groups": [], "changes": changes})

title_of_anna := patch_user(anna, object.union(anna, {"title": "CEO"}), [{"path": "title", "after": "CEO"}])

disable(user) := patch_user(user, object.union(user, {"active": false}), [{"path": "active", "before": true, "after": false}])

delete_user(user) := object.union(base, {"operation": "delete", "resource_type": "User", "origin": {"source": "entra"}, "before": user, "groups": [], "changes": []})

add_members(group, members) := change_members(group, members, [], 5)

remove_members(group, members, count_before) := change_members(group, [], members, count_before)

change_members(group, added, removed, count_before) := object.union(base, {
	"operation": "patch", "resource_type": "Group", "origin": {"source": "entra"}, "changes": [],
	"before": {"displayName": group}, "after": {"displayName": group},
	"members": {
		"added": added, "removed": removed,
		"count_before": count_before, "count_after": (count_before + count(added)) - count(removed),
		"slice": {"index": 0, "of": 1},
	},
})

member(id, groups) := {"id": id, "type": "User", "user": {"userName": sprintf("%s@example.com", [id])}, "groups": [{"id": g, "display": g} | some g in groups]}

member_who(id, attributes) := object.union(member(id, []), {"user": attributes})

create_group(name) := object.union(base, {
	"operation": "create", "resource_type": "Group", "after": {"displayName": name}, "changes": [{"path": "displayName", "after": name}],
	"members": {"added": [], "removed": [], "count_before": 0, "count_after": 0, "slice": {"index": 0, "of": 1}},
})
