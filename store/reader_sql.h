/*
 * All statements of readers: X(number, text). Internal to store/.
 */
#pragma once

/* The columns of a whole resource, in the order that read.c takes them; r is the table. */
#define RESOURCE_COLUMNS                                                                           \
	"r.rid, r.id, r.origin, r.active, r.deleted, r.version, r.created_us, r.modified_us,"      \
	" r.doc_entry, r.members, r.active_members, r.name, r.apps, r.keys, r.doc"
#define REF_COLUMNS                                                                                \
	"r.rid, r.id, r.active, r.deleted, r.version, r.members, r.active_members, r.name"
#define TOKEN_COLUMNS "id, sha256, source, label, created_us, expires_us, revoked_us, subject"
#define LINK_COLUMNS "app, rid, remote, version, active, updated_us, hash, doc"
#define DELIVERY_COLUMNS                                                                           \
	"app, rid, state, lane, wanted, decision, first_decision, changes, sending, attempts,"     \
	" next_us, since_us, error"

#define READER_STATEMENTS(X)                                                                       \
	X(R_BEGIN, "BEGIN")                                                                        \
	X(R_COMMIT, "COMMIT")                                                                      \
	X(R_BY_ID, "SELECT " RESOURCE_COLUMNS " FROM resource r WHERE r.id = ?1")                  \
	X(R_BY_RID, "SELECT " RESOURCE_COLUMNS " FROM resource r WHERE r.rid = ?1")                \
	X(R_BY_KEY, "SELECT " RESOURCE_COLUMNS " FROM key k JOIN resource r ON r.rid = k.rid"      \
		    " WHERE k.kind = ?1 AND k.scope = ?2 AND k.value = ?3")                        \
	X(R_REF, "SELECT " REF_COLUMNS " FROM resource r WHERE r.id = ?1")                         \
	X(R_KEY_ALL, "SELECT rid FROM key WHERE kind = ?1 AND scope = ?2 AND value = ?3"           \
		     " AND rid > ?4 LIMIT ?5")                                                     \
	X(R_LOOKUP_ALL, "SELECT rid FROM lookup WHERE kind = ?1 AND scope = ?2 AND value = ?3"     \
			" AND rid > ?4 ORDER BY rid LIMIT ?5")                                     \
	X(R_LIST, "SELECT " RESOURCE_COLUMNS " FROM resource r"                                    \
		  " WHERE r.rid > ?1 AND r.rid < ?2 AND r.deleted = 0 ORDER BY r.rid LIMIT ?3")    \
	X(R_LIST_BACK, "SELECT " RESOURCE_COLUMNS " FROM resource r"                               \
		       " WHERE r.rid > ?1 AND r.rid < ?2 AND r.deleted = 0"                        \
		       " ORDER BY r.rid DESC LIMIT ?3")                                            \
	X(R_KEYS, "SELECT rid, value FROM key WHERE kind = ?1 AND scope = ?2"                      \
		  " AND value >= ?3 AND value < ?4 ORDER BY value LIMIT ?5")                       \
	X(R_KEYS_BACK, "SELECT rid, value FROM key WHERE kind = ?1 AND scope = ?2"                 \
		       " AND value >= ?3 AND value < ?4 ORDER BY value DESC LIMIT ?5")             \
	X(R_IDS, "SELECT rid, id, CASE WHEN rid > ?4 AND rid < ?5 THEN deleted ELSE 1 END"         \
		 " FROM resource INDEXED BY resource_id"                                           \
		 " WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3")                                \
	X(R_IDS_BACK, "SELECT rid, id, CASE WHEN rid > ?4 AND rid < ?5 THEN deleted ELSE 1 END"    \
		      " FROM resource INDEXED BY resource_id"                                      \
		      " WHERE id > ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3")                      \
	X(R_LOOKUP_BACK, "SELECT rid FROM lookup WHERE kind = ?1 AND scope = ?2 AND value = ?3"    \
			 " AND rid < ?4 ORDER BY rid DESC LIMIT ?5")                               \
	X(R_SKIP, "SELECT rid FROM resource INDEXED BY resource_live"                              \
		  " WHERE rid > ?1 AND rid < ?2 AND deleted = 0 ORDER BY rid LIMIT 1 OFFSET ?3")   \
	X(R_LAST, "SELECT rid FROM resource INDEXED BY resource_live"                              \
		  " WHERE rid > ?1 AND rid < ?2 AND deleted = 0 ORDER BY rid DESC LIMIT 1")        \
	X(R_POPULATION, "SELECT users, active_users, groups, memberships FROM tenant"              \
			" WHERE id = ?1")                                                          \
	X(R_TYPE_COUNT, "SELECT count FROM tenant_type WHERE tenant = ?1 AND type = ?2")           \
	X(R_GROUPS_OF, "SELECT " REF_COLUMNS " FROM membership m"                                  \
		       " JOIN resource r ON r.rid = m.group_rid"                                   \
		       " WHERE m.user_rid = ?1 ORDER BY m.group_rid")                              \
	X(R_MEMBERS_OF, "SELECT " REF_COLUMNS " FROM membership m"                                 \
			" JOIN resource r ON r.rid = m.user_rid"                                   \
			" WHERE m.group_rid = ?1 AND m.user_rid > ?2"                              \
			" ORDER BY m.user_rid LIMIT ?3")                                           \
	X(R_IS_MEMBER, "SELECT 1 FROM membership WHERE group_rid = ?1 AND user_rid = ?2")          \
	X(R_JOURNAL_SIZE, "SELECT coalesce(max(idx) + 1, 0) FROM entry")                           \
	X(R_ENTRIES, "SELECT idx, kind, tenant, rid, at_us, leaf FROM entry"                       \
		     " WHERE idx >= ?1 ORDER BY idx LIMIT ?2")                                     \
	X(R_ENTRIES_WHOLE, "SELECT e.idx, e.kind, e.tenant, e.rid, e.at_us, e.leaf, p.body"        \
			   " FROM entry e LEFT JOIN payload p ON p.idx = e.idx"                    \
			   " WHERE e.idx >= ?1 ORDER BY e.idx LIMIT ?2")                           \
	X(R_LINK, "SELECT " LINK_COLUMNS " FROM link WHERE app = ?1 AND rid = ?2")                 \
	X(R_LINK_REMOTE, "SELECT " LINK_COLUMNS " FROM link WHERE app = ?1 AND remote = ?2")       \
	X(R_LINKS_OF, "SELECT " LINK_COLUMNS " FROM link WHERE rid = ?1 ORDER BY app")             \
	X(R_LINKS_IN, "SELECT " LINK_COLUMNS " FROM link WHERE app = ?1 AND remote > ?2"           \
		      " ORDER BY remote LIMIT ?3")                                                 \
	X(R_LINKED_MEMBERS, "SELECT l.app, l.rid, l.remote, l.version, l.active"                   \
			    " FROM membership m JOIN link l ON l.rid = m.user_rid AND l.app = ?1"  \
			    " WHERE m.group_rid = ?2 AND m.user_rid > ?3"                          \
			    " ORDER BY m.user_rid LIMIT ?4")                                       \
	X(R_NAME, "SELECT name FROM name WHERE kind = ?1 AND id = ?2")                             \
	X(R_TOKEN, "SELECT " TOKEN_COLUMNS " FROM token WHERE sha256 = ?1")                        \
	X(R_TOKENS, "SELECT " TOKEN_COLUMNS " FROM token ORDER BY id")                             \
	X(R_SETTING, "SELECT value FROM setting WHERE name = ?1")                                  \
	X(R_RATES, "SELECT tenant, source, kind, minute, count FROM rate WHERE minute >= ?1")      \
	X(R_DUE, "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE app = ?1 AND lane = ?2"          \
		 " AND state < 2 AND next_us <= ?3 ORDER BY next_us LIMIT ?4")                     \
	X(R_NEXT_DUE, "SELECT next_us FROM delivery WHERE app = ?1 AND lane = ?2 AND state < 2"    \
		      " ORDER BY next_us LIMIT 1")                                                 \
	X(R_DELIVERY, "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE app = ?1 AND rid = ?2")     \
	X(R_DELIVERIES_OF, "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE rid = ?1"              \
			   " ORDER BY app")                                                        \
	X(R_DELIVERIES, "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE (rid, app) > (?1, ?2)"    \
			" AND (?3 = 0 OR app = ?3) AND (?4 < 0 OR state = ?4)"                     \
			" ORDER BY rid, app LIMIT ?5")                                             \
	X(R_OPEN, "SELECT count(*), coalesce(min(since_us), 0) FROM delivery"                      \
		  " WHERE app = ?1 AND state < 2")                                                 \
	X(R_PARKED, "SELECT count(*) FROM delivery WHERE app = ?1 AND state = 2")                  \
	X(R_SCOPE_COUNT, "SELECT count(*) FROM scope WHERE app = ?1")                              \
	X(R_SCOPES, "SELECT seq, app, group_rid, decision, total, done FROM scope"                 \
		    " WHERE ?1 = 0 OR app = ?1 ORDER BY seq LIMIT ?2")

enum reader_statement {
#define X(number, text) number,
	READER_STATEMENTS(X)
#undef X
		READER_STATEMENT_COUNT
};
