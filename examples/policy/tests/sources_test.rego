package scimward.sources_test

import data.scimward.world_test as world

rows := {"sources": {"feed": {"User": ["patch"]}, "kind:idp": {"User": ["create"]}}}

from(name, document) := object.union(document, {"source": {"name": name, "dialect": "standard", "kind": "idp"}, "origin": {"source": name}})

test_a_source_may_what_its_row_says if {
	world.decision(from("feed", world.title_of_anna), rows) == {"effect": "allow", "reasons": []}
}

test_the_row_of_a_kind_is_for_sources_without_one if {
	world.effect(from("okta", world.create_user(world.anna)), rows) == "allow"
	world.codes(from("okta", world.title_of_anna), rows) == {"default.deny"}
}

test_the_row_of_a_name_goes_before_the_row_of_its_kind if {
	world.codes(from("feed", world.create_user(world.anna)), rows) == {"default.deny"}
}

test_a_source_without_a_row_may_nothing if {
	other := {"source": {"name": "x", "dialect": "standard", "kind": "other"}}
	world.codes(object.union(world.create_user(world.anna), other), {}) == {"default.deny"}
}

test_a_type_without_a_row_is_refused if {
	world.codes(object.union(world.create_user(world.anna), {"resource_type": "Device"}), {}) == {"default.deny"}
}

test_a_denial_by_default_says_who_may_not_what if {
	other := {"source": {"name": "x", "dialect": "standard", "kind": "other"}}
	decision := world.decision(object.union(world.create_user(world.anna), other), {})
	decision.reasons[0].message == "no rule lets source x create a User"
}

of_workday := object.union(world.disable(world.anna), {"origin": {"source": "workday"}})

test_a_source_may_not_change_what_another_made if {
	world.codes(of_workday, {}) == {"origin.foreign"}
}

test_a_source_may_change_what_another_made_if_the_data_says_so if {
	world.effect(of_workday, {"may_change": {"entra": ["workday"]}}) == "allow"
	world.effect(of_workday, {"may_change": {"kind:idp": ["*"]}}) == "allow"
	world.codes(of_workday, {"may_change": {"kind:idp": ["okta"]}}) == {"origin.foreign"}
}
