-- Schema 1 of the embedded store (SQLite >= 3.40). Run once, on an empty database; changes come as steps in
-- migrate.c. Times are microseconds since 1970, rids and key kinds as in record.h. docs/decisions/0004 says why
-- it looks so. Each index costs every write: do not add one that only a person's question needs.

CREATE TABLE name (
	kind INTEGER NOT NULL, -- enum store_name_kind
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (kind, id),
	UNIQUE (kind, name)
) STRICT, WITHOUT ROWID;

-- What is counted, and the last number given to a resource of each type: never reused.
CREATE TABLE tenant (
	id INTEGER PRIMARY KEY,
	last_group INTEGER NOT NULL,
	last_user INTEGER NOT NULL,
	users INTEGER NOT NULL,
	active_users INTEGER NOT NULL,
	groups INTEGER NOT NULL,
	memberships INTEGER NOT NULL
) STRICT;

-- The same for resource types of the configuration.
CREATE TABLE tenant_type (
	tenant INTEGER NOT NULL,
	type INTEGER NOT NULL, -- enum store_type, STORE_CUSTOM and above
	last INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (tenant, type)
) STRICT, WITHOUT ROWID;

-- rid holds tenant and type. The document comes last: what is read without it ends before it.
CREATE TABLE resource (
	rid INTEGER PRIMARY KEY,
	id BLOB NOT NULL,
	origin INTEGER NOT NULL,
	active INTEGER NOT NULL,
	deleted INTEGER NOT NULL,
	version INTEGER NOT NULL,
	created_us INTEGER NOT NULL,
	modified_us INTEGER NOT NULL,
	doc_entry INTEGER NOT NULL,
	members INTEGER NOT NULL,
	active_members INTEGER NOT NULL,
	name TEXT NOT NULL,
	apps BLOB, -- NULL: all
	keys BLOB NOT NULL, -- what stands in `key` and `lookup` for it: record.c
	doc TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX resource_id ON resource (id);
-- Steps over many resources without touching their rows (startIndex).
CREATE INDEX resource_live ON resource (rid) WHERE deleted = 0;

CREATE TABLE key (
	kind INTEGER NOT NULL,
	scope INTEGER NOT NULL,
	value BLOB NOT NULL,
	rid INTEGER NOT NULL,
	PRIMARY KEY (kind, scope, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE lookup (
	kind INTEGER NOT NULL,
	scope INTEGER NOT NULL,
	value BLOB NOT NULL,
	rid INTEGER NOT NULL,
	PRIMARY KEY (kind, scope, value, rid)
) STRICT, WITHOUT ROWID;

CREATE TABLE membership (
	group_rid INTEGER NOT NULL,
	user_rid INTEGER NOT NULL,
	PRIMARY KEY (group_rid, user_rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_user ON membership (user_rid, group_rid);

-- The journal: leaf and payload apart, so that a payload can be erased.
CREATE TABLE entry (
	idx INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	tenant INTEGER NOT NULL,
	rid INTEGER NOT NULL, -- 0: none
	at_us INTEGER NOT NULL,
	leaf BLOB NOT NULL
) STRICT;
CREATE TABLE payload (
	idx INTEGER PRIMARY KEY,
	body BLOB NOT NULL
) STRICT;

CREATE TABLE link (
	rid INTEGER NOT NULL,
	app INTEGER NOT NULL,
	remote TEXT NOT NULL,
	version INTEGER NOT NULL,
	active INTEGER NOT NULL,
	updated_us INTEGER NOT NULL,
	hash BLOB NOT NULL,
	doc TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX link_resource ON link (rid, app);
CREATE UNIQUE INDEX link_remote ON link (app, remote);

-- Desired states: delivery.h. later_*: what came while the row was in flight.
CREATE TABLE delivery (
	rid INTEGER NOT NULL,
	app INTEGER NOT NULL,
	state INTEGER NOT NULL, -- enum store_delivery_state
	lane INTEGER NOT NULL, -- 0: urgent
	next_us INTEGER NOT NULL, -- of one in flight: end of its lease
	wanted INTEGER NOT NULL,
	decision INTEGER NOT NULL,
	first_decision INTEGER NOT NULL,
	changes INTEGER NOT NULL,
	since_us INTEGER NOT NULL,
	sending INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	later_first INTEGER NOT NULL,
	later_changes INTEGER NOT NULL,
	later_since_us INTEGER NOT NULL,
	later_lane INTEGER NOT NULL,
	error TEXT NOT NULL,
	PRIMARY KEY (rid, app)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (app, lane, next_us) WHERE state < 2;
CREATE INDEX delivery_parked ON delivery (app, rid) WHERE state = 2;

-- Group changes to be spread over members: the listed ones in parts of 500, then, if `walk` is not -1, all
-- members of the group behind rid `walk`. A part goes when it was spread: the durable cursor.
CREATE TABLE scope (
	seq INTEGER PRIMARY KEY,
	app INTEGER NOT NULL,
	group_rid INTEGER NOT NULL,
	decision INTEGER NOT NULL,
	lane INTEGER NOT NULL,
	walk INTEGER NOT NULL,
	total INTEGER NOT NULL, -- -1: not counted
	done INTEGER NOT NULL
) STRICT;
CREATE TABLE scope_part (
	seq INTEGER NOT NULL,
	part INTEGER NOT NULL,
	rids BLOB NOT NULL, -- 8 bytes each, big-endian
	PRIMARY KEY (seq, part)
) STRICT;

CREATE TABLE rate (
	tenant INTEGER NOT NULL,
	source INTEGER NOT NULL,
	kind INTEGER NOT NULL, -- enum store_rate_kind
	minute INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (tenant, source, kind, minute)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
	id INTEGER PRIMARY KEY,
	sha256 BLOB NOT NULL UNIQUE,
	source INTEGER NOT NULL,
	subject BLOB, -- id of the person it speaks for; NULL: the source itself
	label TEXT NOT NULL,
	created_us INTEGER NOT NULL,
	expires_us INTEGER NOT NULL, -- 0: never
	revoked_us INTEGER NOT NULL -- 0: valid
) STRICT;

CREATE TABLE setting (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
