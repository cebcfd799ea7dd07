package scimward.naming_test

import data.scimward.world_test as world

rows := {"naming": {"User": {"userName": `^[a-z.]+@example\.com$`}, "Group": {"displayName": `^[a-z]+(-[a-z]+)*$`}}}

test_names_must_look_like_that if {
	world.effect(world.create_user(world.anna), rows) == "allow"
	world.codes(world.create_user(object.union(world.anna, {"userName": "ANNA"})), rows) == {"naming.pattern"}
	world.effect(world.create_group("night-shift"), rows) == "allow"
	world.codes(world.create_group("night shift"), rows) == {"naming.pattern"}
}

test_the_message_shows_the_name if {
	decision := world.decision(world.create_group(" x"), rows)
	decision.reasons[0].message == `displayName " x" does not look as it must: ^[a-z]+(-[a-z]+)*$`
}

test_a_new_name_is_judged_and_an_old_one_is_not if {
	old := object.union(world.anna, {"userName": "OLD"})
	world.effect(world.patch_user(old, old, [{"path": "title", "after": "x"}]), rows) == "allow"
	world.codes(world.patch_user(world.anna, old, [{"path": "userName", "after": "OLD"}]), rows) == {"naming.pattern"}
	world.effect(world.disable(old), rows) == "allow"
	both := [{"path": "active", "before": true, "after": false}, {"path": "userName", "after": "OLD"}]
	world.effect(world.patch_user(world.anna, object.union(old, {"active": false}), both), rows) == "allow"
}

test_types_without_a_row_have_any_name if {
	world.effect(world.create_group("x y"), {"naming": {}}) == "allow"
}
