package scimward.separation_of_duties_test

import data.scimward.world_test as world

rows := {"separation_of_duties": [
	{"id": "purchasing", "groups": ["buyers", "invoice-approvers"]},
	{"id": "three", "groups": ["a", "b", "c"]},
]}

test_the_second_group_is_refused if {
	world.codes(world.add_members("Buyers", [world.member("a", ["Invoice-Approvers"])]), rows) == {"sod.purchasing"}
	world.codes(world.add_members("c", [world.member("a", ["a"])]), rows) == {"sod.three"}
}

test_it_names_the_person if {
	decision := world.decision(world.add_members("buyers", [world.member("a", ["invoice-approvers"])]), rows)
	decision.reasons[0].message == "a@example.com is in invoice-approvers and may not be in buyers as well"
}

test_it_works_without_a_name if {
	nameless := object.remove(world.member("a", ["invoice-approvers"]), ["user"])
	decision := world.decision(world.add_members("buyers", [nameless]), rows)
	decision.reasons[0].message == "this person is in invoice-approvers and may not be in buyers as well"
}

test_a_group_that_is_no_part_of_a_row_is_free if {
	world.effect(world.add_members("buyers", [world.member("a", ["engineering"])]), rows) == "allow"
	world.effect(world.add_members("engineering", [world.member("a", ["buyers"])]), rows) == "allow"
}

test_who_is_in_already_is_no_conflict_with_himself if {
	world.effect(world.add_members("buyers", [world.member("a", ["buyers"])]), rows) == "allow"
}

test_one_of_the_two_can_be_left if {
	world.effect(world.remove_members("buyers", [world.member("a", ["buyers", "invoice-approvers"])], 3), rows) == "allow"
}
