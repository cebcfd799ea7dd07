package scimward.always_set_test

import data.scimward.world_test as world

change := {"op": "add", "path": "locale", "value": "en-GB"}

rows := {"always_set": {"User": [change]}}

test_what_the_data_sets_is_an_obligation_of_the_new if {
	world.decision(world.create_user(world.anna), rows) == {"effect": "allow", "reasons": [], "obligations": [change]}
}

test_only_new_ones_get_it if {
	world.decision(world.title_of_anna, rows) == {"effect": "allow", "reasons": []}
	world.decision(world.create_group("x"), rows) == {"effect": "allow", "reasons": []}
}

test_it_goes_with_apps if {
	decision := world.decision(world.create_user(world.anna), object.union(rows, {"apps": {"User": {"mail": {}}}}))
	decision == {"effect": "allow", "reasons": [], "obligations": [change], "apps": {"mail"}}
}
