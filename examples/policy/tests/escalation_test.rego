package scimward.escalation_test

import data.scimward.world_test as world

rows := {"levels": {"people_who_act": "observe"}, "escalation": {
	"ranks": {"admins": 100, "operators": 50, "owners": 200},
	"max_gain": 100,
	"attributes": {"x509Certificates": ["kind:admin"]},
}}

a := world.member("a", [])

by(group, groups) := object.union(world.add_members(group, [a]), world.by_person("p", groups))

test_a_person_grants_what_he_has if {
	world.effect(by("Operators", ["OPERATORS"]), rows) == "allow"
	world.effect(by("operators", ["admins"]), rows) == "allow"
}

test_a_person_grants_no_more_than_he_has if {
	world.codes(by("admins", ["operators"]), rows) == {"escalation.above_self"}
	world.codes(by("operators", []), rows) == {"escalation.above_self"}
	world.codes(object.remove(by("operators", []), ["actor"]), rows) == set()
}

test_a_person_without_groups_has_nothing_to_grant if {
	nobody := object.union(world.add_members("operators", [a]), {"actor": {"type": "user", "id": "p"}})
	world.codes(nobody, rows) == {"escalation.above_self"}
}

test_groups_without_a_rank_are_no_power if {
	world.effect(by("chess", []), rows) == "allow"
}

test_a_step_that_is_too_large_waits if {
	decision := world.decision(world.add_members("owners", [a]), rows)
	decision.effect == "hold"
	decision.reasons == [{"code": "escalation.step", "message": "a@example.com would rise by 200, more than 100 need an approval"}]
}

test_step_by_step_is_fine if {
	world.effect(world.add_members("owners", [world.member("a", ["Admins"])]), rows) == "allow"
	world.effect(world.add_members("admins", [a]), rows) == "allow"
}

test_the_approval_of_a_step_is_what_the_data_says if {
	access := {"escalation": object.union(rows.escalation, {"approval": {"groups": ["board"], "min": 3}})}
	decision := world.decision(world.add_members("owners", [a]), access)
	decision.approval == {"groups": {"board"}, "min": 3, "expires_s": 259200}
}

with_certificate := object.union(world.anna, {"x509Certificates": [{"value": "MII="}]})

test_an_attribute_that_is_power_comes_from_those_who_are_named if {
	document := world.patch_user(world.anna, with_certificate, [{"path": "x509Certificates", "after": [{"value": "MII="}]}])
	world.codes(document, rows) == {"escalation.attribute"}
	world.effect(object.union(document, world.console), rows) == "allow"
	world.codes(world.create_user(with_certificate), rows) == {"escalation.attribute"}
}

test_it_can_be_taken_away_by_anybody if {
	document := world.patch_user(with_certificate, world.anna, [{"path": "x509Certificates", "before": [{"value": "MII="}]}])
	world.effect(document, rows) == "allow"
}

test_it_does_not_stop_a_leaver if {
	changes := [{"path": "active", "before": true, "after": false}, {"path": "x509Certificates", "after": []}]
	world.effect(world.patch_user(world.anna, object.union(with_certificate, {"active": false}), changes), rows) == "allow"
}

test_whoever_is_switched_on_with_it_gets_it if {
	back := world.patch_user(object.union(with_certificate, {"active": false}), with_certificate, [{"path": "active", "before": false, "after": true}])
	world.codes(back, rows) == {"escalation.attribute"}
	world.effect(object.union(back, world.console), rows) == "allow"
}
