package scimward.people_who_act_test

import data.scimward.world_test as world

rows := {"people_who_act": {"own": ["nickName", "phoneNumbers"], "operators": ["desk"]}}

himself(document, groups) := object.union(document, world.by_person(world.base.id, groups))

somebody_else(document, groups) := object.union(document, world.by_person("0192f0c1-0000-7000-8000-000000000002", groups))

change(path) := world.patch_user(world.anna, world.anna, [{"path": path, "after": "x"}])

test_a_person_changes_of_himself_what_the_data_names if {
	world.effect(himself(change("nickName"), []), rows) == "allow"
	world.effect(himself(change("phoneNumbers.value"), []), rows) == "allow"
}

test_a_person_changes_nothing_else_of_himself if {
	world.codes(himself(change("title"), []), rows) == {"actor.attribute"}
	world.codes(himself(change("nickNames"), []), rows) == {"actor.attribute"}
	world.codes(himself(world.disable(world.anna), ["Clerks"]), rows) == {"actor.attribute"}
}

test_a_person_changes_nobody_else if {
	world.codes(somebody_else(change("nickName"), []), rows) == {"actor.other"}
	world.codes(somebody_else(world.create_user(world.anna), []), rows) == {"actor.other"}
}

test_nobody_deletes_himself if {
	world.codes(himself(world.delete_user(world.anna), []), rows) == {"actor.delete"}
}

test_operators_change_others if {
	world.effect(somebody_else(change("title"), ["Desk"]), rows) == "allow"
	world.codes(somebody_else(change("title"), ["desks"]), rows) == {"actor.other"}
}

test_a_source_is_no_person_who_acts if {
	world.effect(change("title"), rows) == "allow"
}
