package scimward.minimum_members_test

import data.scimward.world_test as world

rows := {"minimum_members": {"admins": 2}}

a := world.member("a", [])

test_members_may_go_while_enough_stay if {
	world.effect(world.remove_members("Admins", [a], 3), rows) == "allow"
	world.codes(world.remove_members("Admins", [a], 2), rows) == {"group.too_few"}
}

test_an_exchange_that_leaves_enough_is_fine if {
	world.effect(world.change_members("admins", [world.member("b", [])], [a], 2), rows) == "allow"
}

test_an_ordinary_group_may_run_empty if {
	world.effect(world.remove_members("chess", [a], 1), rows) == "allow"
}

test_the_group_is_not_deleted if {
	document := object.remove(object.union(world.add_members("admins", []), {"operation": "delete"}), ["after", "members"])
	world.codes(document, rows) == {"group.too_few"}
}

test_the_group_is_not_renamed if {
	document := object.union(world.add_members("admins", []), {"after": {"displayName": "former admins"}})
	world.codes(document, rows) == {"group.too_few"}
	world.effect(object.union(world.add_members("admins", []), {"after": {"displayName": "Admins"}}), rows) == "allow"
}

leaving(document, count) := object.union(document, {"groups": [{"id": "g", "display": "Admins", "count": count}]})

test_the_last_ones_do_not_leave if {
	world.codes(leaving(world.disable(world.anna), 2), rows) == {"group.too_few"}
	world.codes(leaving(world.delete_user(world.anna), 2), rows) == {"group.too_few"}
	world.effect(leaving(world.disable(world.anna), 3), rows) == "allow"
}

test_who_was_inactive_does_not_count_as_leaving if {
	world.effect(leaving(world.delete_user(object.union(world.anna, {"active": false})), 2), rows) == "allow"
}
