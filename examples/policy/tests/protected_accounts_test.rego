package scimward.protected_accounts_test

import data.scimward.world_test as world

rows := {"protected_accounts": {"patterns": ["breakglass*@example.com", "root@example.com"], "by": ["kind:admin"]}}

named(name) := object.union(world.anna, {"userName": name})

test_a_protected_account_is_left_alone if {
	world.codes(world.disable(named("breakglass1@example.com")), rows) == {"account.protected"}
	world.codes(world.delete_user(named("ROOT@example.com")), rows) == {"account.protected"}
	world.effect(world.disable(world.anna), rows) == "allow"
}

test_nobody_takes_its_name if {
	world.codes(world.create_user(named("Root@example.com")), rows) == {"account.protected"}
	renamed := world.patch_user(world.anna, named("root@example.com"), [{"path": "userName", "after": "root@example.com"}])
	world.codes(renamed, rows) == {"account.protected"}
}

test_those_who_are_named_may if {
	world.effect(object.union(world.disable(named("breakglass1@example.com")), world.console), rows) == "allow"
	world.effect(object.union(world.create_user(named("root@example.com")), world.console), rows) == "allow"
}
