package scimward.apps_test

import data.scimward.world_test as world

rows := {"apps": {"User": {"mail": {}, "github": {"department": ["Engineering"]}}}}

in_department(name) := object.union(world.anna, {world.enterprise: {"department": name}})

apps(document, access) := world.decision(document, access).apps

test_a_new_person_goes_where_he_matches if {
	apps(world.create_user(world.anna), rows) == {"mail"}
	apps(world.create_user(in_department("engineering")), rows) == {"mail", "github"}
}

test_a_mover_changes_his_apps if {
	document := world.patch_user(in_department("engineering"), in_department("Sales"), [{"path": concat(":", [world.enterprise, "department"]), "after": "Sales"}])
	apps(document, rows) == {"mail"}
}

test_a_type_without_a_row_stays_where_it_is if {
	world.decision(world.create_group("chess"), rows) == {"effect": "allow", "reasons": []}
	world.decision(world.create_user(world.anna), {}) == {"effect": "allow", "reasons": []}
}

test_who_leaves_is_taken_out_by_the_gateway if {
	world.decision(world.disable(world.anna), rows) == {"effect": "allow", "reasons": []}
	world.decision(world.delete_user(world.anna), rows) == {"effect": "allow", "reasons": []}
}

test_who_matches_nowhere_is_nowhere if {
	apps(world.create_user(world.anna), {"apps": {"User": {"github": {"department": ["x"]}}}}) == set()
}
