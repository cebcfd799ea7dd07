package scimward.freeze_test

import data.scimward.world_test as world

year_end := {"effect": "deny", "from": "2026-12-30T18:00:00+01:00", "to": "2027-01-04T08:00:00+01:00"}

at(document, time) := object.union(document, {"time": time})

frozen(window) := {"freeze": {"w": window}}

codes_at(time, window) := world.codes(at(world.title_of_anna, time), frozen(window))

test_a_span_is_open_from_its_first_moment_to_the_one_before_its_last if {
	codes_at("2026-12-30T16:59:59Z", year_end) == set()
	codes_at("2026-12-30T17:00:00Z", year_end) == {"freeze.w"}
	codes_at("2027-01-04T06:59:59Z", year_end) == {"freeze.w"}
	codes_at("2027-01-04T07:00:00Z", year_end) == set()
}

test_a_window_of_effect_hold_waits if {
	window := object.union(year_end, {"effect": "hold", "approval": {"groups": ["board"], "min": 2}})
	decision := world.decision(at(world.title_of_anna, "2027-01-01T00:00:00Z"), frozen(window))
	decision == {
		"effect": "hold",
		"reasons": [{"code": "freeze.w", "message": "no such changes now: the freeze w is on"}],
		"approval": {"groups": {"board"}, "min": 2, "expires_s": 259200},
	}
}

test_people_leave_in_any_window if {
	world.effect(at(world.disable(world.anna), "2027-01-01T00:00:00Z"), frozen(year_end)) == "allow"
	world.effect(at(world.delete_user(world.anna), "2027-01-01T00:00:00Z"), frozen(year_end)) == "allow"
	inactive := object.union(world.anna, {"active": false})
	world.effect(at(world.delete_user(inactive), "2027-01-01T00:00:00Z"), frozen(year_end)) == "allow"
}

test_memberships_are_taken_away_in_any_window if {
	a := world.member("a", [])
	world.effect(at(world.remove_members("chess", [a], 3), "2027-01-01T00:00:00Z"), frozen(year_end)) == "allow"
	world.codes(at(world.add_members("chess", [a]), "2027-01-01T00:00:00Z"), frozen(year_end)) == {"freeze.w"}
	world.codes(at(world.change_members("chess", [a], [a], 3), "2027-01-01T00:00:00Z"), frozen(year_end)) == {"freeze.w"}
}

weekend := {"effect": "deny", "weekdays": ["Saturday", "Sunday"], "zone": "Europe/Zurich"}

test_days_are_those_of_the_zone if {
	codes_at("2026-11-27T22:59:59Z", weekend) == set()
	codes_at("2026-11-27T23:00:00Z", weekend) == {"freeze.w"}
	codes_at("2026-11-29T22:59:59Z", weekend) == {"freeze.w"}
	codes_at("2026-11-29T23:00:00Z", weekend) == set()
}

test_without_a_zone_it_is_utc if {
	window := object.remove(weekend, ["zone"])
	codes_at("2026-11-27T23:59:59Z", window) == set()
	codes_at("2026-11-28T00:00:00Z", window) == {"freeze.w"}
}

by_day := {"effect": "deny", "hours": ["09:30", "17:00"]}

test_hours_of_a_day if {
	codes_at("2026-11-24T09:29:59Z", by_day) == set()
	codes_at("2026-11-24T09:30:00Z", by_day) == {"freeze.w"}
	codes_at("2026-11-24T17:00:00Z", by_day) == set()
}

by_night := {"effect": "deny", "hours": ["22:00", "06:00"], "zone": "Europe/Zurich"}

test_hours_over_midnight_in_summer_and_in_winter if {
	codes_at("2026-07-24T19:59:00Z", by_night) == set()
	codes_at("2026-07-24T20:00:00Z", by_night) == {"freeze.w"}
	codes_at("2026-11-24T20:30:00Z", by_night) == set()
	codes_at("2026-11-24T21:00:00Z", by_night) == {"freeze.w"}
	codes_at("2026-11-24T04:59:00Z", by_night) == {"freeze.w"}
	codes_at("2026-11-24T05:00:00Z", by_night) == set()
}

test_a_window_may_be_for_some_types if {
	window := object.union(year_end, {"types": ["Group"]})
	codes_at("2027-01-01T00:00:00Z", window) == set()
	world.codes(at(world.create_group("x"), "2027-01-01T00:00:00Z"), frozen(window)) == {"freeze.w"}
}

test_a_window_may_be_for_some_groups if {
	window := object.union(year_end, {"groups": ["ledger"]})
	codes_at("2027-01-01T00:00:00Z", window) == set()
	a := world.member("a", [])
	world.codes(at(world.add_members("Ledger", [a]), "2027-01-01T00:00:00Z"), frozen(window)) == {"freeze.w"}
	world.effect(at(world.add_members("chess", [a]), "2027-01-01T00:00:00Z"), frozen(window)) == "allow"
	renamed := object.union(world.add_members("ledger", []), {"after": {"displayName": "x"}, "changes": [{"path": "displayName", "after": "x"}]})
	world.codes(at(renamed, "2027-01-01T00:00:00Z"), frozen(window)) == {"freeze.w"}
}

test_some_sources_may_be_excepted if {
	window := object.union(year_end, {"except": ["kind:admin"]})
	codes_at("2027-01-01T00:00:00Z", window) == {"freeze.w"}
	world.effect(at(object.union(world.title_of_anna, world.console), "2027-01-01T00:00:00Z"), frozen(window)) == "allow"
}
