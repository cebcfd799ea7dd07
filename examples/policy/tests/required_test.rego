package scimward.required_test

import data.scimward.world_test as world

rows := {"required": {"User": ["userName", "department"], "Group": ["externalId"]}}

test_what_is_required_must_be_there if {
	world.codes(world.create_user(world.anna), rows) == {"attribute.required"}
	world.decision(world.create_user(world.anna), rows).reasons[0].message == "department is required"
	world.codes(world.create_group("chess"), rows) == {"attribute.required"}
}

test_it_may_stand_in_an_extension if {
	world.effect(world.create_user(object.union(world.anna, {world.enterprise: {"department": "x"}})), rows) == "allow"
	world.effect(world.create_user(object.union(world.anna, {world.person: {"department": "x"}})), rows) == "allow"
}

test_an_empty_value_is_none if {
	world.codes(world.create_user(object.union(world.anna, {world.enterprise: {"department": ""}})), rows) == {"attribute.required"}
}

test_false_is_a_value if {
	world.effect(world.create_user(object.union(world.anna, {"active": false})), {"required": {"User": ["active"]}}) == "allow"
}

test_what_an_old_account_lacks_stops_no_leaver if {
	world.effect(world.disable(world.anna), rows) == "allow"
	world.effect(world.delete_user(world.anna), rows) == "allow"
}
