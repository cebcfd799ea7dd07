package scimward.birthright_test

import data.scimward.world_test as world

rows(others) := {
	"birthright": {"groups": {"everybody": {}, "interns": {"userType": ["intern"], "department": ["Sales", "Support"]}}, "others": others},
	"roles": {"clerk": {"groups": ["ledger"], "for": {}}},
	"privileged_groups": {"admins": {"granted_by": ["entra"]}},
}

ivy := world.member_who("ivy", {"userType": "Intern", world.enterprise: {"department": "sales"}})

test_whoever_matches_is_entitled if {
	world.effect(world.add_members("Interns", [ivy]), rows("deny")) == "allow"
}

test_all_conditions_must_hold if {
	world.codes(world.add_members("interns", [world.member_who("a", {"userType": "intern"})]), rows("open")) == {"birthright.not_entitled"}
	world.codes(world.add_members("interns", [world.member_who("a", {"userType": "employee", world.enterprise: {"department": "Sales"}})]), rows("open")) == {"birthright.not_entitled"}
}

test_one_who_does_not_match_stops_all if {
	world.codes(world.add_members("interns", [ivy, world.member("b", [])]), rows("open")) == {"birthright.not_entitled"}
}

test_a_group_for_everybody_asks_nothing if {
	world.effect(world.add_members("everybody", [world.member("b", [])]), rows("deny")) == "allow"
	world.effect(world.add_members("everybody", [object.remove(world.member("b", []), ["user"])]), rows("deny")) == "allow"
}

test_somebody_who_is_not_known_is_entitled_to_nothing_special if {
	world.codes(world.add_members("interns", [object.remove(ivy, ["user"])]), rows("open")) == {"birthright.not_entitled"}
}

test_a_group_that_no_row_names_is_what_others_says if {
	document := world.add_members("chess club", [ivy])
	world.effect(document, rows("open")) == "allow"
	world.effect(document, rows("hold")) == "hold"
	world.codes(document, rows("hold")) == {"group.unlisted"}
	world.effect(document, rows("deny")) == "deny"
	world.codes(document, rows("deny")) == {"group.unlisted"}
}

test_groups_that_other_modules_know_are_listed if {
	world.effect(world.add_members("ledger", [ivy]), rows("deny")) == "allow"
	world.effect(world.add_members("Admins", [ivy]), rows("deny")) == "allow"
}

test_taking_members_out_of_an_unlisted_group_is_free if {
	world.effect(world.remove_members("chess club", [ivy], 3), rows("deny")) == "allow"
}
