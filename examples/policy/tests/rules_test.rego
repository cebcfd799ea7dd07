# Each rule of the starter policy, from both sides. The data is the policy's own,
# but for what a test replaces, so that a changed threshold does not break a test.
package scimward.rules_test

import data.scimward

person := "urn:scimward:params:scim:schemas:extension:person:2.0:User"

anna := {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "anna@example.com", "active": true, "emails": [{"value": "anna@example.com", "type": "work"}]}

calm := {
	"deactivations": {"recent": 0, "this": 0, "population": 100, "window_s": 3600},
	"removals": {"recent": 0, "this": 0, "population": 100, "window_s": 3600},
}

base := {
	"version": 1, "mode": "test", "time": "2026-11-24T04:00:00Z", "tenant": "default",
	"source": {"name": "entra", "dialect": "entra", "kind": "idp"}, "actor": {"type": "source", "id": "entra"},
	"id": "0192f0c1-0000-7000-8000-000000000001", "request": {"id": "r1"}, "rate": calm,
}

create_user(user) := object.union(base, {"operation": "create", "resource_type": "User", "after": user, "groups": [], "changes": [{"path": "userName", "after": user.userName}]})

patch_user(before, after, changes) := object.union(base, {"operation": "patch", "resource_type": "User", "origin": {"source": "entra"}, "before": before, "after": after, "groups": [], "changes": changes})

disable(user) := patch_user(user, object.union(user, {"active": false}), [{"path": "active", "before": true, "after": false}])

add_members(group, members) := object.union(base, {
	"operation": "patch", "resource_type": "Group", "origin": {"source": "entra"}, "changes": [],
	"before": {"displayName": group}, "after": {"displayName": group},
	"members": {"added": members, "removed": [], "count_before": 5, "count_after": 5 + count(members), "slice": {"index": 0, "of": 1}},
})

member(id, groups) := {"id": id, "type": "User", "user": {"userName": sprintf("%s@example.com", [id])}, "groups": [{"id": g, "display": g} | some g in groups]}

codes(document) := found if {
	found := {reason.code | some reason in scimward.decision.reasons} with input as document
}

effect(document) := found if {
	found := scimward.decision.effect with input as document
}

# ---- people who act ----

himself(document, groups) := object.union(document, {"actor": {"type": "user", "id": base.id, "groups": groups}})

title_of_anna := patch_user(anna, object.union(anna, {"title": "CEO"}), [{"path": "title", "after": "CEO"}])

nick_of_anna := patch_user(anna, object.union(anna, {"nickName": "A"}), [{"path": "nickName", "after": "A"}])

phone_of_anna := patch_user(anna, anna, [{"path": "phoneNumbers.value", "after": "1"}])

other_person := {"id": "0192f0c1-0000-7000-8000-000000000002"}

test_a_person_changes_of_himself_what_the_data_names if {
	effect(himself(nick_of_anna, [])) == "allow"
	effect(himself(phone_of_anna, [])) == "allow"
	codes(himself(title_of_anna, [])) == {"actor.attribute"}
	codes(himself(disable(anna), ["Clerks"])) == {"actor.attribute"}
}

test_a_person_changes_nobody_else if {
	codes(object.union(himself(nick_of_anna, []), other_person)) == {"actor.other"}
	codes(object.union(himself(create_user(anna), []), other_person)) == {"actor.other"}
}

test_nobody_deletes_himself if {
	codes(object.union(himself(object.remove(disable(anna), ["after"]), []), {"operation": "delete", "changes": []})) == {"actor.delete"}
}

test_operators_change_others if {
	effect(object.union(himself(title_of_anna, ["Desk"]), other_person)) == "allow" with data.access.people_who_act.operators as ["desk"]
	codes(object.union(himself(title_of_anna, ["desks"]), other_person)) == {"actor.other"} with data.access.people_who_act.operators as ["desk"]
}

test_a_source_is_no_person_who_acts if {
	effect(title_of_anna) == "allow"
}

# ---- sources ----

test_a_source_of_a_known_kind_may_create if {
	scimward.decision == {"effect": "allow", "reasons": []} with input as create_user(anna)
}

test_a_source_of_an_unknown_kind_may_nothing if {
	codes(object.union(create_user(anna), {"source": {"name": "x", "dialect": "standard", "kind": "other"}})) == {"default.deny"}
}

test_the_row_of_a_name_goes_before_the_row_of_its_kind if {
	codes(create_user(anna)) == {"default.deny"} with data.access.sources as {"entra": {"User": ["patch"]}, "kind:idp": {"User": ["create"]}}
}

test_a_source_may_not_change_what_another_made if {
	codes(object.union(disable(anna), {"origin": {"source": "workday"}})) == {"origin.foreign"}
}

test_a_source_may_change_what_another_made_if_the_data_says_so if {
	effect(object.union(disable(anna), {"origin": {"source": "workday"}})) == "allow" with data.access.may_change as {"entra": ["workday"]}
	effect(object.union(disable(anna), {"origin": {"source": "workday"}})) == "allow" with data.access.may_change as {"kind:idp": ["*"]}
}

# ---- people ----

test_a_person_needs_what_is_required if {
	codes(create_user(anna)) == {"attribute.required"} with data.access.required as {"User": ["userName", "displayName"]}
}

test_an_address_of_a_foreign_domain_is_refused if {
	codes(create_user(object.union(anna, {"emails": [{"value": "anna@evil.example"}]}))) == {"email.domain"}
}

test_a_user_name_of_a_foreign_domain_is_refused if {
	codes(create_user(object.union(anna, {"userName": "anna@evil.example"}))) == {"email.domain"}
}

test_a_changed_address_is_judged if {
	after := object.union(anna, {"emails": [{"value": "a@evil.example"}]})
	codes(patch_user(anna, after, [{"path": "emails"}])) == {"email.domain"}
}

test_a_changed_user_name_is_judged if {
	after := object.union(anna, {"userName": "a@evil.example"})
	codes(patch_user(anna, after, [{"path": "userName"}])) == {"email.domain"}
}

test_an_old_foreign_address_does_not_stop_a_leaver if {
	effect(disable(object.union(anna, {"emails": [{"value": "a@old.example"}]}))) == "allow"
}

test_a_contractor_without_an_end_date_is_refused if {
	codes(create_user(object.union(anna, {person: {"kind": "contractor"}}))) == {"contractor.end_date"}
}

test_a_contractor_with_an_end_date_may_come if {
	effect(create_user(object.union(anna, {person: {"kind": "contractor", "endDate": "2027-03-01T00:00:00Z"}}))) == "allow"
}

test_a_contractor_whose_contract_has_ended_is_refused if {
	codes(create_user(object.union(anna, {person: {"kind": "contractor", "endDate": "2020-03-01T00:00:00Z"}}))) == {"contractor.end_date"}
}

test_a_contractor_for_ten_years_is_refused if {
	codes(create_user(object.union(anna, {person: {"kind": "contractor", "endDate": "2036-03-01T00:00:00Z"}}))) == {"contractor.end_date"}
}

test_a_contractor_without_an_end_date_can_be_disabled if {
	effect(disable(object.union(anna, {person: {"kind": "contractor"}}))) == "allow"
}

test_a_protected_account_is_left_alone if {
	codes(disable(object.union(anna, {"userName": "breakglass1@example.com"}))) == {"account.protected"}
}

test_nobody_takes_the_name_of_a_protected_account if {
	codes(create_user(object.union(anna, {"userName": "Root@example.com"}))) == {"account.protected"}
}

test_an_admin_may_change_a_protected_account if {
	effect(object.union(disable(object.union(anna, {"userName": "breakglass1@example.com"})), {"source": {"name": "console", "dialect": "standard", "kind": "admin"}})) == "allow"
}

# ---- groups ----

test_members_of_an_ordinary_group_come_freely if {
	effect(add_members("Engineering", [member("a", [])])) == "allow"
}

test_an_idp_may_not_add_admins if {
	codes(add_members("Admins", [member("a", [])])) == {"group.privileged"}
}

test_nobody_adds_himself_to_a_privileged_group if {
	codes(object.union(add_members("Admins", [member("a", [])]), {"actor": {"type": "user", "id": "a", "groups": []}, "source": {"name": "console", "dialect": "standard", "kind": "admin"}})) == {"group.self", "actor.other", "origin.foreign"} with data.access.may_change as {}
}

test_a_group_with_approval_is_held if {
	decision := scimward.decision with input as add_members("payments-approvers", [member("a", [])])
	decision.effect == "hold"
	decision.approval == {"groups": ["security"], "min": 1, "expires_s": 259200}
	{reason.code | some reason in decision.reasons} == {"group.approval"}
}

test_what_was_approved_is_allowed if {
	effect(object.union(add_members("payments-approvers", [member("a", [])]), {"approval": {"id": "1", "approvers": ["s"]}})) == "allow"
}

test_a_hold_without_a_number_needs_one_approver if {
	rows := {"x": {"granted_by": ["entra"], "approval": {"groups": ["security"]}}}
	decision := scimward.decision with input as add_members("x", [member("a", [])]) with data.access.privileged_groups as rows
	decision.approval.min == 1
}

test_a_privileged_group_keeps_its_minimum if {
	document := object.union(add_members("payments-approvers", []), {"members": {"added": [], "removed": [member("a", [])], "count_before": 2, "count_after": 1, "slice": {"index": 0, "of": 1}}})
	codes(document) == {"group.too_few"} with data.access.privileged_groups as {"payments-approvers": {"keep": 2}}
	effect(document) == "allow" with data.access.privileged_groups as {"payments-approvers": {"keep": 1}}
}

test_a_privileged_group_with_a_minimum_is_not_deleted if {
	document := object.remove(object.union(add_members("admins", []), {"operation": "delete"}), ["after", "members"])
	codes(document) == {"group.too_few"}
}

test_a_privileged_group_with_a_minimum_is_not_renamed if {
	document := object.union(add_members("admins", []), {"after": {"displayName": "former admins"}})
	codes(document) == {"group.too_few"}
}

test_the_last_admins_cannot_leave if {
	codes(object.union(disable(anna), {"groups": [{"id": "g", "display": "Admins", "count": 2}]})) == {"group.too_few"}
	effect(object.union(disable(anna), {"groups": [{"id": "g", "display": "Admins", "count": 3}]})) == "allow"
}

test_separation_of_duties_refuses_the_second_group if {
	codes(add_members("buyers", [member("a", ["Invoice-Approvers"])])) == {"sod.purchasing"}
}

test_separation_of_duties_names_the_person if {
	decision := scimward.decision with input as add_members("buyers", [member("a", ["invoice-approvers"])])
	decision.reasons[0].message == "a@example.com is in invoice-approvers and may not be in buyers as well"
}

test_separation_of_duties_works_without_a_name if {
	nameless := object.remove(member("a", ["invoice-approvers"]), ["user"])
	decision := scimward.decision with input as add_members("buyers", [nameless])
	decision.reasons[0].message == "this person is in invoice-approvers and may not be in buyers as well"
}

test_a_group_that_is_no_part_of_a_pair_is_free if {
	effect(add_members("buyers", [member("a", ["engineering"])])) == "allow"
}

# ---- rails ----

leaving(recent, population) := object.union(disable(anna), {"rate": object.union(calm, {"deactivations": {"recent": recent, "this": 1, "population": population, "window_s": 3600}})})

test_the_rail_lets_the_usual_number_leave if {
	effect(leaving(9, 50)) == "allow"
	effect(leaving(49, 1000)) == "allow"
}

test_the_rail_stops_a_mass_removal_of_people if {
	codes(leaving(10, 50)) == {"rail.deactivations"}
	codes(leaving(50, 1000)) == {"rail.deactivations"}
}

test_the_rail_stops_a_mass_removal_of_memberships if {
	rates := object.union(calm, {"removals": {"recent": 40, "this": 20, "population": 100, "window_s": 3600}})
	codes(object.union(add_members("engineering", []), {"rate": rates})) == {"rail.removals"}
}

test_deleting_a_person_is_leaving if {
	document := object.remove(object.union(leaving(10, 50), {"operation": "delete"}), ["after"])
	codes(document) == {"rail.deactivations"}
}

# ---- lib/decision.rego ----

test_obligations_and_apps_are_part_of_the_decision if {
	change := {"op": "replace", "path": "title", "value": "Ms"}
	decision := scimward.decision with input as create_user(anna)
		with data.scimward.rules.obligations as {change}
		with data.scimward.rules.apps as {"wiki"}
	decision == {"effect": "allow", "reasons": [], "apps": {"wiki"}, "obligations": [change]}
}

test_apps_alone_are_part_of_the_decision if {
	decision := scimward.decision with input as create_user(anna) with data.scimward.rules.apps as {"wiki"}
	decision == {"effect": "allow", "reasons": [], "apps": {"wiki"}}
}

test_a_new_person_goes_to_the_apps_that_the_data_names if {
	decision := scimward.decision with input as create_user(anna) with data.access.apps as {"User": ["wiki"]}
	decision.apps == {"wiki"}
}

test_without_data_a_new_person_goes_to_every_app if {
	not create_user_decision.apps
}

create_user_decision := found if {
	found := scimward.decision with input as create_user(anna)
}

test_what_the_data_always_sets_is_an_obligation if {
	change := {"op": "add", "path": "locale", "value": "en-GB"}
	decision := scimward.decision with input as create_user(anna) with data.access.always_set as {"User": [change]}
	decision.obligations == [change]
}

test_what_an_old_account_lacks_does_not_stop_a_leaver if {
	effect(disable(anna)) == "allow" with data.access.required as {"User": ["displayName"]}
}
