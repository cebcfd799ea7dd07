/*
 * RFC 7644, 3.4.2.2: what a filter matches.
 */
#include "scim/match.h"

#include "tests/support/scim.h"

#define DOC                                                                                        \
	"{'userName':'BJensen','active':true,'title':'','name':{'familyName':'Jensen'},"           \
	"'emails':[{'type':'work','value':'B@Work.example','primary':true},"                       \
	"{'type':'home','value':'b@home.example'}],"                                               \
	"'x509Certificates':[{'value':'AbCd'}],"                                                   \
	"'" ENTERPRISE_URN "':{'department':'Tools','manager':{'value':'M1'}},"                    \
	"'" PERSON_URN "':{'endDate':'2027-03-01T01:00:00+01:00'}}"

static bool matches(struct arena *arena, const struct scim_resource_type *type, const char *text,
	const struct value *doc)
{
	struct error err = { 0 };
	const char *copy = quoted(arena, text);
	const struct scim_filter *filter =
		scim_filter_parse(arena, type, copy, strlen(copy), false, &err);

	if (filter == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	return scim_filter_matches_value(arena, filter, doc);
}

struct match_case {
	const char *filter;
	bool matches;
};

static void check_all(struct arena *arena, const struct scim_resource_type *type, const char *doc,
	const struct match_case *cases, size_t count)
{
	const struct value *value = json(arena, doc);

	for (size_t i = 0; i < count; i++) {
		if (matches(arena, type, cases[i].filter, value) != cases[i].matches) {
			fail_msg("%s: %s", cases[i].filter,
				cases[i].matches ? "does not match" : "matches");
		}
	}
}

#define CHECK_ALL(state, type, doc, cases)                                                         \
	check_all(*(state), type, doc, cases, sizeof(cases) / sizeof((cases)[0]))

static void test_operators_mean_what_the_rfc_says(void **state)
{
	static const struct match_case cases[] = {
		{ "userName eq 'bjensen'", true },
		{ "userName eq 'bjense'", false },
		{ "userName ne 'bjensen'", false },
		{ "userName ne 'other'", true },
		{ "userName co 'JENS'", true },
		{ "userName co 'xx'", false },
		{ "userName sw 'bj'", true },
		{ "userName sw 'jensen'", false },
		{ "userName sw 'bjensen and more'", false },
		{ "userName ew 'SEN'", true },
		{ "userName ew 'bj'", false },
		{ "userName gt 'a'", true },
		{ "userName gt 'bjensen'", false },
		{ "userName ge 'bjensen'", true },
		{ "userName lt 'c'", true },
		{ "userName le 'bjensen'", true },
		{ "userName le 'a'", false },
		{ "userName pr", true },
		{ "nickName pr", false },
		{ "active eq true", true },
		{ "active ne true", false },
		{ "active eq false", false },
	};

	CHECK_ALL(state, user_type(), DOC, cases);
}

static void test_an_absent_attribute_matches_only_ne(void **state)
{
	static const struct match_case cases[] = {
		{ "nickName eq 'x'", false },
		{ "nickName ne 'x'", true },
		{ "nickName co ''", false },
		{ "nickName lt 'x'", false },
		{ "nickName eq null", true },
		{ "nickName ne null", false },
		{ "userName eq null", false },
		{ "userName ne null", true },
		{ "not (nickName pr)", true },
		{ "name.givenName ne 'x'", true },
		{ "roles.value eq 'x'", false },
		{ ENTERPRISE_URN ":division pr", false },
	};

	CHECK_ALL(state, user_type(), DOC, cases);
}

static void test_paths_reach_into_the_resource(void **state)
{
	static const struct match_case cases[] = {
		{ "name.familyName eq 'jensen'", true },
		{ "name pr", true },
		{ ENTERPRISE_URN ":department eq 'tools'", true },
		{ ENTERPRISE_URN ":manager.value eq 'M1'", true },
		{ ENTERPRISE_URN ":manager.value eq 'm1'", false },
		{ ENTERPRISE_URN ":manager eq 'M1'", true },
		{ "emails.value eq 'b@home.example'", true },
		{ "emails co 'work.example'", true },
		{ "emails eq 'b@work.example'", true },
		{ "emails.type eq 'other'", false },
		{ "emails.display pr", false },
		{ "emails pr", true },
		{ "x509Certificates eq 'AbCd'", true },
		{ "x509Certificates eq 'abcd'", false },
		{ "title eq ''", true },
	};

	CHECK_ALL(state, user_type(), DOC, cases);
}

static void test_brackets_look_at_one_element(void **state)
{
	static const struct match_case cases[] = {
		{ "emails[type eq 'work' and value sw 'b@work']", true },
		{ "emails[type eq 'work' and value sw 'b@home']", false },
		{ "emails.type eq 'work' and emails.value sw 'b@home'", true },
		{ "emails[primary eq true]", true },
		{ "emails[not (primary pr)]", true },
		{ "emails[not (type pr)]", false },
		{ "roles[value pr]", false },
		{ "name[familyName eq 'jensen']", true },
	};

	CHECK_ALL(state, user_type(), DOC, cases);
}

static void test_times_are_compared_as_times(void **state)
{
	static const struct match_case cases[] = {
		{ PERSON_URN ":endDate eq '2027-03-01T00:00:00Z'", true },
		{ PERSON_URN ":endDate ne '2027-03-01T00:00:00.000Z'", false },
		{ PERSON_URN ":endDate gt '2027-02-28T23:59:59.999999Z'", true },
		{ PERSON_URN ":endDate lt '2027-03-01T00:00:00.000001Z'", true },
		{ PERSON_URN ":endDate ge '2027-03-01T00:30:00Z'", false },
		{ PERSON_URN ":endDate le '2027-03-01T00:00:00'", true },
	};

	CHECK_ALL(state, user_type(), DOC, cases);
}

static void test_logic_has_its_precedence(void **state)
{
	static const struct match_case cases[] = {
		{ "active eq true or userName eq 'x' and userName eq 'y'", true },
		{ "(active eq true or userName eq 'x') and userName eq 'y'", false },
		{ "not (active eq true) or userName pr", true },
		{ "not (active eq true and userName pr)", false },
	};

	CHECK_ALL(state, user_type(), DOC, cases);
}

static void test_texts_beyond_ascii_are_folded(void **state)
{
	static const struct match_case cases[] = {
		{ "displayName eq 'GROSSE STRASSE'", true }, /* ß */
		{ "displayName co 'stra'", true },
		{ "nickName eq 'admin'", true },    /* full-width letters */
		{ "title eq 'caf\xc3\xa9'", true }, /* é as e and an accent */
	};

	CHECK_ALL(state, user_type(),
		"{'displayName':'Gro\xc3\x9f"
		"e Stra\xc3\x9f"
		"e','nickName':'\xef\xbc\xa1\xef\xbd\x84\xef\xbd\x8d\xef\xbd\x89\xef\xbd\x8e',"
		"'title':'Cafe\xcc\x81'}",
		cases);
}

static void test_without_a_type_values_decide(void **state)
{
	static const struct match_case cases[] = {
		{ "effect eq 'DENY'", true },
		{ "subject.userName ew '@example.com'", true },
		{ "Subject.username ew '@example.com'", true },
		{ "index gt 41 and index le 42.0", true },
		{ "index eq '42'", false },
		{ "index ne '42'", true },
		{ "noop eq false", true },
		{ "missing.part pr", false },
		{ "reasons.code eq 'sod.payments'", true },
		{ "reasons[code eq 'sod.payments' and message pr]", false },
		{ "codes eq 'b'", true },
		{ "after." ENTERPRISE_URN ":department eq 'R'", true },
		{ "after." ENTERPRISE_URN ":manager.value eq 'm'", true },
		{ "after." ENTERPRISE_URN " pr", true },
	};

	CHECK_ALL(state, NULL,
		"{'effect':'deny','index':42,'noop':false,'codes':['a','b'],"
		"'subject':{'userName':'Anna@Example.com'},"
		"'reasons':[{'code':'x','message':'m'},{'code':'sod.payments'}],"
		"'after':{'" ENTERPRISE_URN "':{'department':'R','manager':{'value':'m'}}}}",
		cases);
}

/* ---- values from elsewhere ---- */

struct columns {
	const struct value *id;
	int looked;
	int tested;
};

static const struct value *look_up(void *user, const struct scim_filter *filter)
{
	struct columns *columns = user;

	columns->looked++;
	return filter->ref.attribute->place == SCIM_IS_ID ? columns->id : NULL;
}

static enum scim_answer test_leaf(void *user, const struct scim_filter *filter)
{
	struct columns *columns = user;

	if (filter->ref.attribute->place != SCIM_IS_MEMBERS) {
		return SCIM_LOOK;
	}
	columns->tested++;
	return strcmp(value_text(filter->value), "u1") == 0 ? SCIM_YES : SCIM_NO;
}

static void test_the_caller_may_answer_itself(void **state)
{
	struct columns columns = { .id = value_of_text(*state, "g1") };
	struct scim_matcher matcher = {
		.arena = *state, .lookup = look_up, .test = test_leaf, .user = &columns
	};
	const char *text = quoted(*state, "id eq 'g1' and members eq 'u1'");
	const struct scim_filter *filter =
		scim_filter_parse(*state, group_type(), text, strlen(text), false, NULL);

	assert_true(scim_filter_matches(filter, &matcher));
	assert_int_equal(columns.looked, 1);
	assert_int_equal(columns.tested, 1);

	columns.id = value_of_text(*state, "g2");
	assert_false(scim_filter_matches(filter, &matcher));
	assert_int_equal(columns.tested, 1); /* the left side was false */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_operators_mean_what_the_rfc_says),
		ARENA_TEST(test_an_absent_attribute_matches_only_ne),
		ARENA_TEST(test_paths_reach_into_the_resource),
		ARENA_TEST(test_brackets_look_at_one_element),
		ARENA_TEST(test_times_are_compared_as_times),
		ARENA_TEST(test_logic_has_its_precedence),
		ARENA_TEST(test_texts_beyond_ascii_are_folded),
		ARENA_TEST(test_without_a_type_values_decide),
		ARENA_TEST(test_the_caller_may_answer_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
