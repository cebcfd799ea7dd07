package scimward.roles_test

import data.scimward.world_test as world

rows := {"roles": {
	"bookkeeper": {"groups": ["ledger"], "for": {"department": ["Finance"]}},
	"auditor": {"groups": ["ledger", "archive"], "for": {"userType": ["auditor"]}, "max": 6},
}}

bea := world.member_who("bea", {world.enterprise: {"department": "finance"}})

otto := world.member_who("otto", {"userType": "auditor"})

test_who_may_hold_one_of_the_roles_comes_in if {
	world.effect(world.add_members("Ledger", [bea, otto]), rows) == "deny"
	world.effect(world.add_members("Ledger", [bea]), rows) == "allow"
	world.effect(world.add_members("archive", [otto]), rows) == "allow"
}

test_who_may_hold_none_of_them_stays_out if {
	world.codes(world.add_members("archive", [bea]), rows) == {"role.not_eligible"}
	world.codes(world.add_members("ledger", [object.remove(bea, ["user"])]), rows) == {"role.not_eligible"}
}

test_the_message_names_person_and_roles if {
	nemo := world.member("nemo", [])
	decision := world.decision(world.add_members("ledger", [nemo]), rows)
	decision.reasons[0].message == "nemo@example.com may hold none of the roles auditor, bookkeeper"
}

test_a_role_has_room_for_so_many if {
	world.effect(world.change_members("archive", [otto], [], 5), rows) == "allow"
	world.codes(world.change_members("archive", [otto], [], 6), rows) == {"role.full"}
}

test_a_full_role_can_be_left if {
	world.effect(world.remove_members("archive", [otto], 9), rows) == "allow"
}

test_groups_outside_the_catalogue_are_not_its_matter if {
	world.effect(world.add_members("chess", [world.member("x", [])]), rows) == "allow"
}
