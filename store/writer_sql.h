/*
 * All statements of the writer: X(number, text). Internal to store/.
 */
#pragma once

#define WRITER_STATEMENTS(X)                                                                       \
	X(W_BEGIN, "BEGIN IMMEDIATE")                                                              \
	X(W_COMMIT, "COMMIT")                                                                      \
	X(W_ROLLBACK, "ROLLBACK")                                                                  \
	X(W_PROBE, "INSERT INTO setting (name, value) VALUES ('store.repaired', ?1)"               \
		   " ON CONFLICT (name) DO UPDATE SET value = excluded.value")                     \
	X(W_NEXT_INDEX, "SELECT coalesce(max(idx) + 1, 0) FROM entry")                             \
	X(W_NEXT_SCOPE, "SELECT coalesce(max(seq) + 1, 1) FROM scope")                             \
	X(W_RELEASE_LEASES, "UPDATE delivery SET next_us = 0 WHERE state = 1")                     \
	X(W_TENANT_GET, "SELECT last_group, last_user, users, active_users, groups, memberships"   \
			" FROM tenant WHERE id = ?1")                                              \
	X(W_TENANT_PUT, "INSERT INTO tenant (id, last_group, last_user, users, active_users,"      \
			" groups, memberships) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"                \
			" ON CONFLICT (id) DO UPDATE SET last_group = ?2, last_user = ?3,"         \
			" users = ?4, active_users = ?5, groups = ?6, memberships = ?7")           \
	X(W_NAME_FIND, "SELECT id FROM name WHERE kind = ?1 AND name = ?2")                        \
	X(W_NAME_LAST, "SELECT coalesce(max(id), 0) FROM name WHERE kind = ?1")                    \
	X(W_NAME_ADD, "INSERT INTO name (kind, id, name) VALUES (?1, ?2, ?3)")                     \
                                                                                                   \
	X(W_RESOURCE_STATE, "SELECT version, deleted, active FROM resource WHERE rid = ?1")        \
	X(W_RESOURCE_VERSION, "SELECT version FROM resource WHERE rid = ?1")                       \
	X(W_RESOURCE_ADD, "INSERT INTO resource (rid, id, origin, active, deleted, version,"       \
			  " created_us, modified_us, doc_entry, members, active_members, name,"    \
			  " apps, keys, doc) VALUES (?1, ?2, ?3, ?4, 0, 1, ?5, ?5, ?6, 0, 0, ?7,"  \
			  " ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING")                             \
	X(W_RESOURCE_PUT, "UPDATE resource SET active = ?2, version = ?3, modified_us = ?4,"       \
			  " doc_entry = ?5, name = ?6, apps = ?7, keys = ?8, doc = ?9"             \
			  " WHERE rid = ?1")                                                       \
	X(W_RESOURCE_TOUCH, "UPDATE resource SET version = ?2, modified_us = ?3 WHERE rid = ?1")   \
	X(W_RESOURCE_APPS, "UPDATE resource SET apps = ?2 WHERE rid = ?1")                         \
	X(W_RESOURCE_COUNT, "UPDATE resource SET members = members + ?2,"                          \
			    " active_members = active_members + ?3 WHERE rid = ?1"                 \
			    " RETURNING members")                                                  \
	X(W_RESOURCE_BURY, "UPDATE resource SET deleted = 1, active = 0, version = ?2,"            \
			   " modified_us = ?3, members = 0, active_members = 0, keys = x''"        \
			   " WHERE rid = ?1")                                                      \
	X(W_RESOURCE_REAP, "DELETE FROM resource WHERE rid = ?1 AND deleted = 1"                   \
			   " AND NOT EXISTS (SELECT 1 FROM link WHERE rid = ?1)"                   \
			   " AND NOT EXISTS (SELECT 1 FROM delivery WHERE rid = ?1)")              \
	X(W_GROUPS_SWITCH, "UPDATE resource SET active_members = active_members + ?2 WHERE rid IN" \
			   " (SELECT group_rid FROM membership WHERE user_rid = ?1)")              \
	X(W_GROUPS_LEAVE, "UPDATE resource SET version = version + 1, modified_us = ?3,"           \
			  " members = members - 1, active_members = active_members - ?2 WHERE rid" \
			  " IN (SELECT group_rid FROM membership WHERE user_rid = ?1)")            \
	X(W_GROUPS_LINKED, "SELECT l.app, l.rid FROM membership m JOIN link l"                     \
			   " ON l.rid = m.group_rid WHERE m.user_rid = ?1")                        \
                                                                                                   \
	X(W_KEY_FIND, "SELECT rid FROM key WHERE kind = ?1 AND scope = ?2 AND value = ?3")         \
	X(W_KEY_ADD, "INSERT INTO key (kind, scope, value, rid) VALUES (?1, ?2, ?3, ?4)")          \
	X(W_RESOURCE_KEYS, "UPDATE resource SET keys = ?2 WHERE rid = ?1")                         \
	X(W_TYPE_LAST, "SELECT last FROM tenant_type WHERE tenant = ?1 AND type = ?2")             \
	X(W_TYPE_COUNT, "INSERT INTO tenant_type (tenant, type, last, count)"                      \
			" VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"                       \
			" last = last + excluded.last, count = count + excluded.count")            \
	X(W_KEY_DROP, "DELETE FROM key WHERE kind = ?1 AND scope = ?2 AND value = ?3")             \
	X(W_LOOKUP_ADD, "INSERT INTO lookup (kind, scope, value, rid) VALUES (?1, ?2, ?3, ?4)")    \
	X(W_LOOKUP_DROP, "DELETE FROM lookup WHERE kind = ?1 AND scope = ?2 AND value = ?3"        \
			 " AND rid = ?4")                                                          \
                                                                                                   \
	X(W_MEMBER_ADD, "INSERT INTO membership (group_rid, user_rid) VALUES (?1, ?2)"             \
			" ON CONFLICT DO NOTHING")                                                 \
	X(W_MEMBER_DROP, "DELETE FROM membership WHERE group_rid = ?1 AND user_rid = ?2")          \
	X(W_MEMBERS_DROP, "DELETE FROM membership WHERE group_rid = ?1")                           \
	X(W_MEMBERS_AFTER, "SELECT user_rid FROM membership WHERE group_rid = ?1"                  \
			   " AND user_rid > ?2 ORDER BY user_rid LIMIT ?3")                        \
	X(W_USER_LEAVES, "DELETE FROM membership WHERE user_rid = ?1")                             \
                                                                                                   \
	X(W_ENTRY_ADD, "INSERT INTO entry (idx, kind, tenant, rid, at_us, leaf)"                   \
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                         \
	X(W_PAYLOAD_ADD, "INSERT INTO payload (idx, body) VALUES (?1, ?2)")                        \
	X(W_RATE_ADD, "INSERT INTO rate (tenant, source, kind, minute, count)"                     \
		      " VALUES (?1, ?2, ?3, ?4, ?5)"                                               \
		      " ON CONFLICT DO UPDATE SET count = count + excluded.count")                 \
	X(W_RATE_PRUNE, "DELETE FROM rate WHERE tenant = ?1 AND source = ?2 AND kind = ?3"         \
			" AND minute < ?4")                                                        \
                                                                                                   \
	X(W_LINK_APPS, "SELECT app FROM link WHERE rid = ?1"                                       \
		       " UNION ALL SELECT app FROM delivery d WHERE rid = ?1 AND NOT EXISTS"       \
		       " (SELECT 1 FROM link l WHERE l.rid = ?1 AND l.app = d.app)")               \
	X(W_LINK_HOLDER, "SELECT rid FROM link WHERE app = ?1 AND remote = ?2")                    \
	X(W_LINK_PUT, "INSERT INTO link (rid, app, remote, version, active, updated_us, hash,"     \
		      " doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"                              \
		      " ON CONFLICT (rid, app) DO UPDATE SET remote = excluded.remote,"            \
		      " version = excluded.version, active = excluded.active,"                     \
		      " updated_us = excluded.updated_us, hash = excluded.hash,"                   \
		      " doc = excluded.doc")                                                       \
	X(W_LINK_DROP, "DELETE FROM link WHERE rid = ?1 AND app = ?2")                             \
	X(W_DELIVERY_GET, "SELECT state, lane, next_us, wanted, decision, first_decision,"         \
			  " changes, since_us, sending, attempts, later_first, later_changes,"     \
			  " later_since_us, later_lane FROM delivery"                              \
			  " WHERE rid = ?1 AND app = ?2")                                          \
	X(W_DELIVERY_ADD, "INSERT INTO delivery (rid, app, state, lane, next_us, wanted,"          \
			  " decision, first_decision, changes, since_us, sending, attempts,"       \
			  " later_first, later_changes, later_since_us, later_lane, error)"        \
			  " VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?6, 1, ?4, 0, 0, -1, 0, 0, 1, '')") \
	X(W_DELIVERY_PUT, "UPDATE delivery SET state = ?3, lane = ?4, next_us = ?5, wanted = ?6,"  \
			  " decision = ?7, first_decision = ?8, changes = ?9, since_us = ?10,"     \
			  " sending = ?11, attempts = ?12, later_first = ?13,"                     \
			  " later_changes = ?14, later_since_us = ?15, later_lane = ?16"           \
			  " WHERE rid = ?1 AND app = ?2")                                          \
	X(W_DELIVERY_ERROR, "UPDATE delivery SET error = ?3 WHERE rid = ?1 AND app = ?2")          \
	X(W_DELIVERY_DROP, "DELETE FROM delivery WHERE rid = ?1 AND app = ?2")                     \
	X(W_REQUEUE_ONE, "UPDATE delivery SET state = 0, attempts = 0, next_us = ?3"               \
			 " WHERE app = ?1 AND rid = ?2 AND state = 2")                             \
	X(W_REQUEUE_ALL, "UPDATE delivery SET state = 0, attempts = 0, next_us = ?2"               \
			 " WHERE app = ?1 AND state = 2")                                          \
                                                                                                   \
	X(W_SCOPE_ADD,                                                                             \
		"INSERT INTO scope (seq, app, group_rid, decision, lane, walk, total, done)"       \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)")                                         \
	X(W_SCOPE_GET, "SELECT app, group_rid, decision, lane, walk FROM scope WHERE seq = ?1")    \
	X(W_SCOPE_STEP, "UPDATE scope SET walk = ?2, done = done + ?3 WHERE seq = ?1")             \
	X(W_SCOPE_DROP, "DELETE FROM scope WHERE seq = ?1")                                        \
	X(W_PART_ADD, "INSERT INTO scope_part (seq, part, rids) VALUES (?1, ?2, ?3)")              \
	X(W_PART_FIRST, "SELECT part, rids FROM scope_part WHERE seq = ?1 ORDER BY part LIMIT 1")  \
	X(W_PART_DROP, "DELETE FROM scope_part WHERE seq = ?1 AND part = ?2")                      \
	X(W_PART_ANY, "SELECT 1 FROM scope_part WHERE seq = ?1 LIMIT 1")                           \
                                                                                                   \
	X(W_TOKEN_LAST, "SELECT coalesce(max(id), 0) FROM token")                                  \
	X(W_TOKEN_FIND, "SELECT id FROM token WHERE sha256 = ?1")                                  \
	X(W_TOKEN_ADD, "INSERT INTO token (id, sha256, source, label, created_us, expires_us,"     \
		       " revoked_us, subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)")             \
	X(W_TOKEN_STATE, "SELECT revoked_us FROM token WHERE id = ?1")                             \
	X(W_TOKEN_REVOKE, "UPDATE token SET revoked_us = ?2 WHERE id = ?1 AND revoked_us = 0")     \
	X(W_SETTING_PUT, "INSERT INTO setting (name, value) VALUES (?1, ?2)"                       \
			 " ON CONFLICT (name) DO UPDATE SET value = excluded.value")               \
	X(W_SETTING_DROP, "DELETE FROM setting WHERE name = ?1")

enum writer_statement {
#define X(number, text) number,
	WRITER_STATEMENTS(X)
#undef X
		WRITER_STATEMENT_COUNT
};
