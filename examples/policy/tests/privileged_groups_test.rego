package scimward.privileged_groups_test

import data.scimward.world_test as world

rows := {"levels": {"people_who_act": "observe"}, "privileged_groups": {
	"admins": {"granted_by": ["kind:admin"], "granters": ["Security"]},
	"payments-approvers": {"granted_by": ["kind:idp"], "approval": {"groups": ["security"], "min": 2, "expires_s": 60}},
	"plain": {"granted_by": ["entra"], "approval": {"groups": ["security"]}},
}}

a := world.member("a", [])

test_only_sources_that_are_named_add_members if {
	world.codes(world.add_members("Admins", [a]), rows) == {"group.privileged"}
	world.effect(object.union(world.add_members("Admins", [a]), world.console), rows) == "allow"
}

test_ordinary_groups_are_open if {
	world.effect(world.add_members("Engineering", [a]), rows) == "allow"
}

test_members_are_taken_out_by_anybody if {
	world.effect(world.remove_members("admins", [a], 5), rows) == "allow"
}

by(groups) := object.union(object.union(world.add_members("Admins", [a]), world.console), world.by_person("p", groups))

test_of_people_who_act_only_granters_add_members if {
	world.codes(by(["security"]), rows) == set()
	world.codes(by(["desk"]), rows) == {"group.granter"}
}

test_nobody_adds_himself if {
	himself := object.union(object.union(world.add_members("Admins", [a]), world.console), world.by_person("a", ["security"]))
	world.codes(himself, rows) == {"group.self"}
}

test_a_group_with_approval_is_held if {
	world.decision(world.add_members("payments-approvers", [a]), rows) == {
		"effect": "hold",
		"reasons": [{"code": "group.approval", "message": "new members of payments-approvers need an approval"}],
		"approval": {"groups": {"security"}, "min": 2, "expires_s": 60},
	}
}

test_what_was_approved_is_allowed if {
	approved := object.union(world.add_members("payments-approvers", [a]), {"approval": {"id": "1", "approvers": ["s"]}})
	world.decision(approved, rows) == {"effect": "allow", "reasons": []}
}

test_an_approval_that_says_no_more_is_by_one_within_three_days if {
	decision := world.decision(world.add_members("plain", [a]), rows)
	decision.approval == {"groups": {"security"}, "min": 1, "expires_s": 259200}
}
