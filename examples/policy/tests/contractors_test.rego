package scimward.contractors_test

import data.scimward.world_test as world

rows := {"contractors": {"max_days": 366, "not_in": ["admins"]}}

with_end(date) := object.union(world.anna, {world.person: {"kind": "contractor", "endDate": date}})

endless := object.union(world.anna, {world.person: {"kind": "contractor"}})

test_a_contractor_needs_an_end_date if {
	world.codes(world.create_user(endless), rows) == {"contractor.end_date"}
	world.effect(world.create_user(with_end("2027-03-01T00:00:00Z")), rows) == "allow"
}

test_the_end_date_is_neither_over_nor_far_away if {
	world.codes(world.create_user(with_end("2020-03-01T00:00:00Z")), rows) == {"contractor.end_date"}
	world.codes(world.create_user(with_end("2026-11-24T04:00:00Z")), rows) == {"contractor.end_date"}
	world.effect(world.create_user(with_end("2027-11-25T04:00:00Z")), rows) == "allow"
	world.codes(world.create_user(with_end("2027-11-25T04:00:01Z")), rows) == {"contractor.end_date"}
}

test_a_contractor_whose_time_is_over_is_not_switched_on if {
	before := object.union(with_end("2026-01-01T00:00:00Z"), {"active": false})
	document := world.patch_user(before, object.union(before, {"active": true}), [{"path": "active", "before": false, "after": true}])
	world.codes(document, rows) == {"contractor.end_date"}
}

test_a_contractor_can_always_be_disabled if {
	world.effect(world.disable(endless), rows) == "allow"
}

test_employees_need_none if {
	world.effect(world.create_user(object.union(world.anna, {world.person: {"kind": "employee"}})), rows) == "allow"
}

test_which_kinds_are_contractors_is_data if {
	access := {"contractors": {"max_days": 30, "kinds": ["freelancer"]}}
	world.effect(world.create_user(endless), access) == "allow"
	world.codes(world.create_user(object.union(world.anna, {world.person: {"kind": "freelancer"}})), access) == {"contractor.end_date"}
}

test_some_groups_are_not_for_contractors if {
	carl := world.member_who("carl", endless)
	world.codes(world.add_members("Admins", [carl]), rows) == {"contractor.group"}
	world.effect(world.add_members("chess", [carl]), rows) == "allow"
	world.effect(world.add_members("admins", [world.member("a", [])]), rows) == "allow"
	world.effect(world.remove_members("admins", [carl], 3), rows) == "allow"
}
