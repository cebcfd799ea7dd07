package scimward.email_domains_test

import data.scimward.world_test as world

rows := {"email_domains": ["example.com", "*.example.org"]}

with_mail(address) := object.union(world.anna, {"emails": [{"value": address}]})

test_addresses_of_our_domains_are_fine if {
	world.effect(world.create_user(world.anna), rows) == "allow"
	world.effect(world.create_user(with_mail("anna@EXAMPLE.com")), rows) == "allow"
	world.effect(world.create_user(with_mail("anna@ch.example.org")), rows) == "allow"
}

test_addresses_of_other_domains_are_refused if {
	world.codes(world.create_user(with_mail("anna@evil.example")), rows) == {"email.domain"}
	world.codes(world.create_user(with_mail("anna@notexample.com")), rows) == {"email.domain"}
	world.codes(world.create_user(with_mail("anna@example.org")), rows) == {"email.domain"}
	world.codes(world.create_user(with_mail("anna@example.com@evil.example")), rows) == {"email.domain"}
}

test_a_user_name_that_is_an_address_is_judged_like_one if {
	world.codes(world.create_user(object.union(world.anna, {"userName": "anna@evil.example"})), rows) == {"email.domain"}
	world.effect(world.create_user(object.union(world.anna, {"userName": "anna"})), rows) == "allow"
}

test_what_changes_is_judged if {
	world.codes(world.patch_user(world.anna, with_mail("a@evil.example"), [{"path": "emails", "after": []}]), rows) == {"email.domain"}
	renamed := object.union(world.anna, {"userName": "a@evil.example"})
	world.codes(world.patch_user(world.anna, renamed, [{"path": "userName", "after": "a@evil.example"}]), rows) == {"email.domain"}
}

off(user) := object.union(user, {"active": false})

test_a_new_foreign_address_stops_no_leaver_and_does_not_come_back_with_him if {
	gone := off(with_mail("a@evil.example"))
	changes := [{"path": "active", "before": true, "after": false}, {"path": "emails", "after": gone.emails}]
	world.effect(world.patch_user(world.anna, gone, changes), rows) == "allow"
	back := world.patch_user(gone, object.union(gone, {"active": true}), [{"path": "active", "before": false, "after": true}])
	world.codes(back, rows) == {"email.domain"}
	world.effect(world.patch_user(off(world.anna), world.anna, [{"path": "active", "before": false, "after": true}]), rows) == "allow"
}

test_an_old_foreign_address_stops_nobody if {
	old := with_mail("a@old.example")
	world.effect(world.disable(old), rows) == "allow"
	world.effect(world.patch_user(old, old, [{"path": "title", "after": "x"}]), rows) == "allow"
}
