package scimward.rails_test

import data.scimward.world_test as world

rows := {"rails": {"deactivations": {"max": 10, "percent": 5}, "removals": {"max": 50, "percent": 10}}}

leaving(recent, population) := object.union(world.disable(world.anna), {"rate": object.union(world.calm, {"deactivations": {"recent": recent, "this": 1, "population": population, "window_s": 3600}})})

losing(recent, this) := object.union(world.remove_members("chess", [], 100), {"rate": object.union(world.calm, {"removals": {"recent": recent, "this": this, "population": 100, "window_s": 3600}})})

test_the_usual_number_leaves if {
	world.effect(leaving(9, 50), rows) == "allow"
	world.effect(leaving(49, 1000), rows) == "allow"
}

test_a_mass_removal_of_people_is_stopped if {
	world.codes(leaving(10, 50), rows) == {"rail.deactivations"}
	world.codes(leaving(50, 1000), rows) == {"rail.deactivations"}
}

test_it_says_how_many if {
	world.decision(leaving(10, 50), rows).reasons[0].message == "11 people would have been removed within 60 minutes, 10 are allowed"
	world.decision(losing(40, 20), rows).reasons[0].message == "60 memberships would have been removed within 60 minutes, 50 are allowed"
}

test_a_mass_removal_of_memberships_is_stopped if {
	world.effect(losing(40, 10), rows) == "allow"
	world.codes(losing(40, 11), rows) == {"rail.removals"}
}

test_what_removes_nobody_passes_a_tripped_rail if {
	tripped := {"rate": object.union(world.calm, {"deactivations": {"recent": 99, "this": 0, "population": 1, "window_s": 3600}})}
	world.effect(object.union(world.title_of_anna, tripped), rows) == "allow"
}

test_a_source_may_have_a_rail_of_its_own if {
	of_entra := {"rails": object.union(rows.rails, {"sources": {"entra": {"deactivations": {"max": 1, "percent": 0}}, "kind:idp": {"removals": {"max": 0, "percent": 0}}}})}
	world.effect(leaving(0, 50), of_entra) == "allow"
	world.codes(leaving(1, 50), of_entra) == {"rail.deactivations"}
	world.codes(losing(0, 1), of_entra) == {"rail.removals"}
}

test_without_data_there_is_a_rail if {
	world.codes(leaving(10, 50), {}) == {"rail.deactivations"}
	world.effect(leaving(9, 50), {}) == "allow"
}
