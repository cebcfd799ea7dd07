package scimward.decision_test

import data.scimward
import data.scimward.modules
import data.scimward.world_test as world

# ---- the table ----

# A set that stands in no row counts for nothing.
test_every_set_of_a_module_has_its_line if {
	{name | some name; data.scimward.rules[name].deny} == object.keys(modules.deny) with input as world.title_of_anna
	{name | some name; data.scimward.rules[name].hold} == object.keys(modules.hold) with input as world.title_of_anna
	{name | some name; data.scimward.rules[name].allow} == object.keys(modules.allow) with input as world.title_of_anna
	{name | some name; data.scimward.rules[name].obligations} == object.keys(modules.obligations) with input as world.title_of_anna
}

# A level of a name that is none would do nothing.
test_levels_name_modules if {
	every name, level in object.get(data.access, "levels", {}) {
		name in (object.keys(modules.deny) | object.keys(modules.hold))
		level in {"observe", "soft", "hard"}
	}
}

# ---- precedence ----

decide(document, parts) := found if {
	found := scimward.decision with input as document
		with data.access as object.union(world.open, object.get(parts, "access", {}))
		with data.scimward.modules.deny as object.get(parts, "deny", {})
		with data.scimward.modules.hold as object.get(parts, "hold", {})
		with data.scimward.modules.allow as object.get(parts, "allow", {"x": {"yes"}})
}

no := {"code": "no", "message": "no"}

other_no := {"code": "other", "message": "no"}

wait := {"code": "wait", "message": "wait"}

sure := {"code": "sure", "message": "sure", "approval": {"groups": ["board", "security"], "min": 2, "expires_s": 60}}

document := world.title_of_anna

test_deny_goes_before_hold if {
	decide(document, {"deny": {"a": {no}}, "hold": {"b": {wait}}}) == {"effect": "deny", "reasons": [no]}
}

test_nobody_waits_for_what_no_rule_allows if {
	decision := decide(document, {"hold": {"b": {wait}}, "allow": {"x": set()}})
	decision.effect == "deny"
	decision.reasons[0].code == "default.deny"
}

test_one_approval_is_as_strict_as_the_strictest if {
	decision := decide(document, {"hold": {"a": {wait}, "b": {sure}}})
	decision.effect == "hold"
	decision.reasons == [{"code": "sure", "message": "sure"}, wait]
	decision.approval == {"groups": {"security"}, "min": 2, "expires_s": 60}
}

test_approvals_that_no_group_may_give_together_are_a_denial if {
	apart := {"code": "apart", "message": "apart", "approval": {"groups": ["board"]}}
	decide(document, {"hold": {"a": {wait}, "b": {apart}}}) == {"effect": "deny", "reasons": [{
		"code": "approval.nobody",
		"message": "it needs approvals that no group may give together (apart, wait)",
	}]}
}

test_who_approves_by_default_is_data if {
	decision := decide(document, {"hold": {"a": {wait}}, "access": {"approval": {"groups": ["owners"]}}})
	decision.approval == {"groups": {"owners"}, "min": 1, "expires_s": 259200}
}

# ---- levels ----

levels(rows) := {"levels": rows}

test_observe_tells_and_does_nothing if {
	decide(document, {"deny": {"a": {no}}, "hold": {"b": {sure}}, "access": levels({"a": "observe", "b": "observe"})}) == {
		"effect": "allow",
		"reasons": [],
		"observed": [no, {"code": "sure", "message": "sure"}],
	}
}

test_what_others_deny_is_denied_all_the_same if {
	decide(document, {"deny": {"a": {no}, "b": {other_no}}, "access": levels({"a": "observe"})}) == {
		"effect": "deny",
		"reasons": [other_no],
		"observed": [no],
	}
}

test_what_was_approved_is_not_observed_either if {
	approved := object.union(document, {"approval": {"id": "1", "approvers": ["s"]}})
	decide(approved, {"hold": {"a": {wait}}, "access": levels({"a": "observe"})}) == {"effect": "allow", "reasons": []}
}

test_soft_denies_and_says_that_it_can_be_overridden if {
	decide(document, {"deny": {"a": {no}}, "access": levels({"a": "soft"})}) == {"effect": "deny", "reasons": [no], "overridable": true}
	decide(document, {"deny": {"a": {no}, "b": {other_no}}, "access": levels({"a": "soft"})}) == {"effect": "deny", "reasons": [no, other_no]}
	decide(document, {"deny": {"a": {no}, "b": {other_no}}, "access": levels({"a": "soft", "b": "observe"})}) == {
		"effect": "deny",
		"reasons": [no],
		"overridable": true,
		"observed": [other_no],
	}
}

overridden := object.union(document, {"override": {"reason": "the auditors ask for it"}})

test_an_override_gets_past_what_is_soft if {
	decide(overridden, {"deny": {"a": {no}}, "hold": {"b": {sure}}, "access": levels({"a": "soft", "b": "soft"})}) == {
		"effect": "allow",
		"reasons": [],
		"observed": [no, {"code": "sure", "message": "sure"}],
	}
}

test_an_override_does_not_get_past_what_is_hard if {
	decide(overridden, {"deny": {"a": {no}, "b": {other_no}}, "access": levels({"a": "soft"})}) == {
		"effect": "deny",
		"reasons": [other_no],
		"observed": [no],
	}
	decide(overridden, {"deny": {"a": {no}}, "access": levels({"a": "hard"})}) == {"effect": "deny", "reasons": [no]}
}

test_a_level_that_is_none_is_hard if {
	decide(overridden, {"deny": {"a": {no}}, "access": levels({"a": "obsevre"})}) == {"effect": "deny", "reasons": [no]}
}
