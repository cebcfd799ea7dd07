/*
 * Every characteristic of RFC 7643, section 7, for attributes of schemas from files: in bodies, in
 * PATCH, in PUT.
 */
#include "scim/model_load.h"

#include "scim/filter.h"
#include "scim/list.h"
#include "scim/patch.h"
#include "scim/resource.h"
#include "tests/support/scim.h"

#define THING "urn:example:Thing"
#define MORE "urn:example:More"

static const char schemas[] =
	"[{'id':'" THING "','attributes':["
	"{'name':'name','required':true},"
	"{'name':'fixed','mutability':'immutable'},"
	"{'name':'seen','mutability':'readOnly'},"
	"{'name':'secret','mutability':'writeOnly'},"
	"{'name':'hidden','returned':'never'},"
	"{'name':'colour','canonicalValues':['Red','Green'],'canonicalValuesOnly':true},"
	"{'name':'mood','canonicalValues':['good']},"
	"{'name':'link','type':'reference','referenceTypes':['User','Thing']},"
	"{'name':'page','type':'reference','referenceTypes':['external']},"
	"{'name':'parts','type':'complex','multiValued':true,'subAttributes':["
	"{'name':'value','required':true},{'name':'key','mutability':'writeOnly','required':true},"
	"{'name':'made','mutability':'readOnly'},{'name':'mark','mutability':'immutable'},{'name':'"
	"primary','type':'boolean'}]}]},"
	"{'id':'" MORE "','attributes':[{'name':'code','required':true},"
	"{'name':'pin','mutability':'writeOnly','required':true},"
	"{'name':'born','mutability':'immutable'}]}]";

static const char types[] = "{'name':'Thing','endpoint':'/Things','schema':'" THING
			    "','schemaExtensions':[{'schema':'" MORE "'}]}";

static const struct scim_resource_type *thing(struct arena *arena)
{
	struct scim_problems problems = { .arena = arena };
	struct scim_file files[2] = { { .name = "a", .text = quoted(arena, schemas) },
		{ .name = "b", .text = quoted(arena, types) } };
	const struct scim_model *model;

	files[0].size = strlen(files[0].text);
	files[1].size = strlen(files[1].text);
	model = scim_model_load(
		arena, &(struct scim_model_files){ &files[0], 1, &files[1], 1 }, &problems);
	if (model == NULL) {
		fail_msg("%s", scim_problem_text(arena, &problems.items[0]));
	}
	return scim_model_type(model, "Thing");
}

/* The document without its schemas, or "!" and the sentence. */
static const char *shown(struct arena *arena, bool ok, const struct value *doc, struct error *err)
{
	if (!ok) {
		return arena_printf(arena, "!%s", err->text);
	}
	return printed(arena, value_with(arena, doc, "schemas", NULL));
}

static const char *post(struct arena *arena, const char *members)
{
	struct scim_body body;
	struct error err = { 0 };
	const char *text = arena_printf(arena, "{'schemas':['" THING "'],%s}", members);
	bool ok = scim_resource_read(
		arena, thing(arena), scim_dialect_standard(), json(arena, text), &body, &err);

	return shown(arena, ok, body.doc, &err);
}

static const char *put(struct arena *arena, const char *before, const char *members)
{
	const struct scim_resource_type *type = thing(arena);
	struct scim_body body;
	struct error err = { 0 };
	const struct value *after = NULL;
	const char *text = arena_printf(arena, "{'schemas':['" THING "'],%s}", members);
	bool ok = scim_resource_read(
			  arena, type, scim_dialect_standard(), json(arena, text), &body, &err) &&
		  scim_resource_replaced(arena, type, json(arena, before), body.doc, &after, &err);

	return shown(arena, ok, after, &err);
}

static const char *patch(struct arena *arena, const char *before, const char *operation)
{
	struct scim_patch it;
	struct scim_patch_result result = { 0 };
	struct error err = { 0 };
	const char *text =
		arena_printf(arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}", operation);
	bool ok = scim_patch_parse(arena, thing(arena), scim_dialect_standard(), json(arena, text),
			  &it, &err) &&
		  scim_patch_apply(arena, &it, "t", json(arena, before), &result, &err);

	return shown(arena, ok, result.doc, &err);
}

struct row {
	const char *before;
	const char *change;
	const char *after;
};

static void check(struct arena *arena, const struct row *rows, size_t count,
	const char *(*change)(struct arena *, const char *, const char *))
{
	for (size_t i = 0; i < count; i++) {
		const char *after = rows[i].before == NULL
					    ? post(arena, rows[i].change)
					    : change(arena, rows[i].before, rows[i].change);
		bool fits =
			rows[i].after[0] == '!'
				? strstr(after, rows[i].after + 1) != NULL && after[0] == '!'
				: strcmp(after, printed(arena, json(arena, rows[i].after))) == 0;

		if (!fits) {
			fail_msg("%s: %s instead of %s", rows[i].change, after, rows[i].after);
		}
	}
}

#define CHECK(rows, change) check(*state, rows, sizeof(rows) / sizeof((rows)[0]), change)

static void test_bodies_of_post(void **state)
{
	static const struct row rows[] = {
		{ NULL, "'fixed':'f'", "!name is required" },
		{ NULL, "'NAME':'n','Seen':'x','fixed':'f'", "{'name':'n','fixed':'f'}" },
		{ NULL, "'name':'n','secret':'s','hidden':'h'", "{'name':'n','hidden':'h'}" },
		{ NULL, "'name':'n','secret':7", "!secret must be a text, not what was sent" },
		{ NULL, "'name':'n','colour':'RED','mood':'bad'",
			"{'name':'n','colour':'Red','mood':'bad'}" },
		{ NULL, "'name':'n','colour':'blue'", "!colour is one of Red, Green" },
		{ NULL, "'name':'n','parts':[{'key':'k'}]", "!parts.value is required" },
		{ NULL, "'name':'n','parts':[{'value':'v'}]", "!parts.key is required" },
		{ NULL, "'name':'n','parts':[{'value':'v','key':null}]", "!parts.key is required" },
		{ NULL, "'name':'n','parts':[{'value':'v','key':'k','made':'x'}]",
			"{'name':'n','parts':[{'value':'v'}]}" },
		{ NULL,
			"'name':'n','parts':[{'value':'v','key':'k','primary':true},"
			"{'value':'w','key':'k','primary':true}]",
			"!parts has 2 primary values" },
		{ NULL, "'name':'n','" MORE "':{'pin':'1'}", "!code is required" },
		{ NULL, "'name':'n','" MORE "':{'code':'1'}", "!pin is required" },
		{ NULL, "'name':'n','" MORE "':{'code':'1','pin':'1'}",
			"{'name':'n','" MORE "':{'code':'1'}}" },
	};

	CHECK(rows, NULL);
}

static void test_references(void **state)
{
	static const struct row rows[] = {
		{ NULL, "'name':'n','link':'https://gate/scim/v2/Users/7'",
			"{'name':'n','link':'https://gate/scim/v2/Users/7'}" },
		{ NULL, "'name':'n','link':'../Things/7?x=/Groups/7'",
			"{'name':'n','link':'../Things/7?x=/Groups/7'}" },
		{ NULL, "'name':'n','link':'7'", "{'name':'n','link':'7'}" },
		{ NULL, "'name':'n','link':'urn:uuid:7'", "{'name':'n','link':'urn:uuid:7'}" },
		{ NULL, "'name':'n','link':'https://other/Robots/7'",
			"{'name':'n','link':'https://other/Robots/7'}" },
		{ NULL, "'name':'n','link':'../Groups/7'", "!link leads to a Group" },
		{ NULL, "'name':'n','link':'Groups/7'", "!link leads to a Group" },
		{ NULL, "'name':'n','link':'a b'", "!link must be a URI" },
		{ NULL, "'name':'n','link':''", "!link must be a URI" },
		{ NULL, "'name':'n','page':'a b'", "{'name':'n','page':'a b'}" },
	};

	CHECK(rows, NULL);
}

static void test_put_keeps_what_it_may_not_change(void **state)
{
	static const struct row rows[] = {
		{ "{'name':'a','fixed':'f','seen':'s','mood':'good'}", "'name':'b'",
			"{'name':'b','fixed':'f','seen':'s'}" },
		{ "{'name':'a','seen':'s'}", "'name':'b','seen':'t','fixed':'now'",
			"{'name':'b','seen':'s','fixed':'now'}" },
		{ "{'name':'a','fixed':'f'}", "'name':'b','fixed':'g'", "!fixed is immutable" },
		{ "{'name':'a','" MORE "':{'code':'1','born':'b'}}", "'name':'b'",
			"{'name':'b','" MORE "':{'born':'b'}}" },
		{ "{'name':'a','" MORE "':{'code':'1','born':'b'}}",
			"'name':'b','" MORE "':{'code':'2','pin':'p'}",
			"{'name':'b','" MORE "':{'code':'2','born':'b'}}" },
	};

	CHECK(rows, put);
}

static void test_patch(void **state)
{
	static const struct row rows[] = {
		{ "{'name':'a'}", "{'op':'add','path':'fixed','value':'f'}",
			"{'name':'a','fixed':'f'}" },
		{ "{'name':'a','fixed':'f'}", "{'op':'replace','path':'fixed','value':'f'}",
			"{'name':'a','fixed':'f'}" },
		{ "{'name':'a','fixed':'f'}", "{'op':'replace','path':'fixed','value':'g'}",
			"!fixed is immutable" },
		{ "{'name':'a','fixed':'f'}", "{'op':'remove','path':'fixed'}",
			"!fixed is immutable" },
		{ "{'name':'a'}", "{'op':'add','path':'seen','value':'x'}", "!seen is read-only" },
		{ "{'name':'a','parts':[{'value':'v'}]}",
			"{'op':'add','path':'parts[value eq `v`].made','value':'x'}",
			"!parts.made is read-only" },
		{ "{'name':'a','parts':[{'value':'v','mark':'m'}]}",
			"{'op':'replace','path':'parts[value eq `v`].mark','value':'x'}",
			"!parts.mark is immutable" },
		{ "{'name':'a','parts':[{'value':'v'}]}",
			"{'op':'replace','path':'parts[value eq `v`].mark','value':'x'}",
			"{'name':'a','parts':[{'value':'v','mark':'x'}]}" },
		{ "{'name':'a'}", "{'op':'add','value':{'seen':'x'}}", "!seen is read-only" },
		{ "{'name':'a'}", "{'op':'add','path':'secret','value':'s'}", "{'name':'a'}" },
		{ "{'name':'a'}", "{'op':'add','path':'" MORE ":pin','value':7}",
			"!pin must be a text, not what was sent" },
		{ "{'name':'a'}", "{'op':'remove','path':'name'}", "!name is required" },
		{ "{'name':'a','parts':[{'value':'v','primary':true}]}",
			"{'op':'remove','path':'parts.value'}", "!parts.value is required" },
		{ "{'name':'a','" MORE "':{'code':'1'}}", "{'op':'remove','path':'" MORE ":code'}",
			"{'name':'a'}" },
		/* It lacked the name before: that is no reason to refuse something else. */
		{ "{'mood':'a'}", "{'op':'replace','path':'mood','value':'b'}", "{'mood':'b'}" },
	};

	CHECK(rows, patch);
}

static void test_what_is_never_shown_is_not_found_and_sorts_nothing(void **state)
{
	static const char *const filters[] = { "secret pr", "hidden eq 'h'", "parts.key eq 'k'",
		"parts[key eq 'k']", MORE ":pin eq '1'", "not (hidden sw 'h')" };
	struct scim_sort sort;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const char *text = quoted(*state, filters[i]);
		struct error err = { 0 };

		assert_null(
			scim_filter_parse(*state, thing(*state), text, strlen(text), false, &err));
		assert_int_equal(err.code, ERROR_FILTER);
	}
	assert_false(scim_sort_parse(thing(*state), "secret", NULL, &sort, NULL));
	assert_false(scim_sort_parse(thing(*state), "hidden", NULL, &sort, NULL));
	assert_string_equal(patch(*state, "{'name':'a','parts':[{'value':'v'}]}",
				    "{'op':'remove','path':'parts[key eq `k`]'}"),
		"!operation 1: in the brackets of the path: column 1: nothing is found by 'key'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_bodies_of_post),
		ARENA_TEST(test_references),
		ARENA_TEST(test_put_keeps_what_it_may_not_change),
		ARENA_TEST(test_patch),
		ARENA_TEST(test_what_is_never_shown_is_not_found_and_sorts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
