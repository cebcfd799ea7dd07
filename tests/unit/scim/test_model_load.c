/*
 * Schema and resource type files. Good ones become a model; each wrong one is told with its place.
 */
#include "scim/model_load.h"

#include "base/buf.h"
#include "scim/discovery.h"
#include "scim/filter.h"
#include "scim/key.h"
#include "scim/resource.h"
#include "tests/support/scim.h"

#define SENSOR "urn:example:schemas:core:2.0:Sensor"
#define SITE "urn:example:schemas:extension:site:2.0:User"

/* The two files of most cases; NULL: none. */
static const struct scim_model *load(
	struct arena *arena, const char *schema, const char *type, struct scim_problems *problems)
{
	struct scim_file files[2] = { { .name = "schemas/a.json" },
		{ .name = "resource_types/b.json" } };
	struct scim_model_files all = { .schemas = &files[0], .types = &files[1] };
	const char *texts[2] = { schema, type };

	for (int i = 0; i < 2; i++) {
		if (texts[i] != NULL) {
			files[i].text = quoted(arena, texts[i]);
			files[i].size = strlen(files[i].text);
		}
	}
	all.schema_count = schema != NULL;
	all.type_count = type != NULL;
	*problems = (struct scim_problems){ .arena = arena };
	return scim_model_load(arena, &all, problems);
}

static const char sensor_type[] =
	"{'schemas':['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],'id':'Sensor',"
	"'name':'Sensor','endpoint':'/Sensors','description':'A thing that measures',"
	"'schema':'" SENSOR "'}";

/* A Sensor with these attributes. */
static const struct scim_model *load_sensor(
	struct arena *arena, const char *attributes, struct scim_problems *problems)
{
	return load(arena,
		arena_printf(
			arena, "{'id':'" SENSOR "','name':'Sensor','attributes':[%s]}", attributes),
		sensor_type, problems);
}

static const struct scim_resource_type *sensor(struct arena *arena, const char *attributes)
{
	struct scim_problems problems;
	const struct scim_model *model = load_sensor(arena, attributes, &problems);

	if (model == NULL) {
		fail_msg("%s", scim_problem_text(arena, &problems.items[0]));
	}
	return scim_model_type(model, "Sensor");
}

static void test_no_files_are_the_core_model(void **state)
{
	struct scim_problems problems;
	const struct scim_model *model = load(*state, NULL, NULL, &problems);

	assert_int_equal(model->type_count, scim_model_core()->type_count);
	assert_int_equal(model->schema_count, scim_model_core()->schema_count);
	assert_int_equal(model->unique_count, 0);
}

static void test_what_an_attribute_does_not_say_has_the_defaults_of_the_rfc(void **state)
{
	const struct scim_resource_type *type = sensor(*state, "{'name':'place'}");
	const struct scim_attribute *it = scim_type_find(type, "PLACE", 5);

	assert_int_equal(it->type, SCIM_STRING);
	assert_false(it->multi || it->required || it->case_exact || it->closed);
	assert_int_equal(it->mutability, SCIM_READ_WRITE);
	assert_int_equal(it->returned, SCIM_DEFAULT);
	assert_int_equal(it->uniqueness, SCIM_NONE);
	assert_string_equal(value_text(it->path), "place");
}

static void test_an_attribute_has_what_its_file_says(void **state)
{
	const struct scim_resource_type *type = sensor(*state,
		"{'name':'serial','type':'string','required':true,'caseExact':true,"
		"'mutability':'immutable','returned':'always','uniqueness':'global',"
		"'canonicalValues':['a','b'],'canonicalValuesOnly':true},"
		"{'name':'owner','type':'complex','multiValued':true,'subAttributes':["
		"{'name':'value'},{'name':'$ref','type':'reference','referenceTypes':['User',"
		"'Sensor']}]}");
	const struct scim_attribute *serial = scim_type_find(type, "serial", 6);
	const struct scim_attribute *owner = scim_type_find(type, "owner", 5);

	assert_true(serial->required && serial->case_exact && serial->closed);
	assert_int_equal(serial->mutability, SCIM_IMMUTABLE);
	assert_int_equal(serial->returned, SCIM_ALWAYS);
	assert_int_equal(serial->uniqueness, SCIM_GLOBAL);
	assert_string_equal(serial->canonical[1], "b");
	assert_true(owner->multi);
	assert_string_equal(scim_attribute_sub(owner, "$REF", 4)->references[1], "Sensor");
}

static void test_user_gets_an_extension_and_keeps_its_own(void **state)
{
	struct scim_problems problems;
	const struct scim_model *model = load(*state,
		"{'id':'" SITE "','attributes':[{'name':'site'}]}",
		"{'name':'User','endpoint':'/Users','schema':'" USER_URN "','schemaExtensions':["
		"{'schema':'" ENTERPRISE_URN "','required':true},{'schema':'" SITE
		"','required':true}]}",
		&problems);
	const struct scim_resource_type *user = scim_model_type(model, "User");

	assert_int_equal(user->extension_count, 3);
	assert_true(user->extension_required[0]);
	assert_false(user->extension_required[1]);
	assert_true(user->extension_required[2]);
	assert_true(user->is_person);
	assert_non_null(scim_model_schema(
		model, "URN:EXAMPLE:schemas:extension:site:2.0:user", strlen(SITE)));
}

static void test_a_file_may_be_what_another_server_lists(void **state)
{
	struct scim_problems problems;
	const struct scim_model *model = load(*state,
		"{'schemas':['urn:ietf:params:scim:api:messages:2.0:ListResponse'],"
		"'totalResults':1,'Resources':[{'id':'" SENSOR
		"','meta':{},'attributes':[{'name':'place','subAttributes':[]}]}]}",
		arena_printf(*state, "[%s]", sensor_type), &problems);

	assert_non_null(model);
	assert_non_null(scim_model_endpoint(model, "Sensors"));
}

/* ---- what is wrong ---- */

static const struct {
	const char *attributes;
	const char *problem;
} attribute_cases[] = {
	{ "'x'", "schemas/a.json#/attributes/0: an attribute is an object" },
	{ "{}", "#/attributes/0: an attribute needs a name" },
	{ "{'name':'a'},{'name':'b','type':'text'}",
		"schemas/a.json#/attributes/1/type: there is no such word as \"text\" here; use "
		"string, boolean, decimal, integer, dateTime, binary, reference or complex" },
	{ "{'name':'a','type':7}", "#/attributes/0/type: there is no such word as 7" },
	{ "{'name':'a','mutability':'never'}", "#/attributes/0/mutability: there is no such word" },
	{ "{'name':'a','returned':'no'}", "#/attributes/0/returned: there is no such word" },
	{ "{'name':'a','uniqueness':'manufacturer'}", "use none, server or global" },
	{ "{'name':'a','required':'yes'}", "#/attributes/0/required: this must be true or false" },
	{ "{'name':'a','canonicalValues':'x'}", "/canonicalValues: this must be a list" },
	{ "{'name':'a','canonicalValues':['x',1]}", "/canonicalValues/1: this must be a text" },
	{ "{'name':'a','multivalue':true}",
		"#/attributes/0: an attribute has no member 'multivalue'" },
	{ "{'name':'a b'}", "#/attributes/0/name: \"a b\" is no attribute name" },
	{ "{'name':'1a'}", "is no attribute name" },
	{ "{'name':''}", "is no attribute name" },
	{ "{'name':'$ref'}", "is no attribute name" },
	{ "{'name':'a.b'}", "is no attribute name" },
	{ "{'name':'ID'}", "every resource has an attribute 'id' already" },
	{ "{'name':'Schemas'}", "every resource has an attribute 'schemas' already" },
	{ "{'name':'meta'}", "every resource has an attribute 'meta' already" },
	{ "{'name':'externalid'}", "every resource has an attribute 'externalId' already" },
	{ "{'name':'a'},{'name':'A'}", "#/attributes/1/name: 'A' is there twice" },
	{ "{'name':'a','type':'complex'}",
		"/subAttributes: a complex attribute needs subAttributes" },
	{ "{'name':'a','subAttributes':[{'name':'b'}]}",
		"/subAttributes: only an attribute of type complex has subAttributes" },
	{ "{'name':'a','type':'complex','subAttributes':[{'name':'b'},{'name':'B'}]}",
		"#/attributes/0/subAttributes/1/name: 'B' is there twice" },
	{ "{'name':'a','type':'complex','subAttributes':[{'name':'b','type':'complex',"
	  "'subAttributes':[{'name':'c'}]}]}",
		"#/attributes/0/subAttributes/0: a sub-attribute cannot have sub-attributes" },
	{ "{'name':'a','type':'complex','uniqueness':'server','subAttributes':[{'name':'b'}]}",
		"/uniqueness: a complex attribute cannot be unique; declare it at the "
		"sub-attribute" },
	{ "{'name':'a','type':'boolean','uniqueness':'server'}",
		"/uniqueness: only a string, an integer or a reference can be unique" },
	{ "{'name':'a','mutability':'writeOnly','uniqueness':'server'}",
		"/uniqueness: a writeOnly attribute is not kept" },
	{ "{'name':'a','mutability':'writeOnly','returned':'default'}",
		"/returned: what is writeOnly is never returned" },
	{ "{'name':'a','mutability':'readOnly','required':true}",
		"/required: nobody could give a readOnly attribute" },
	{ "{'name':'a','referenceTypes':['User']}",
		"/referenceTypes: only an attribute of type reference" },
	{ "{'name':'a','type':'reference','referenceTypes':['Robot']}",
		"schemas/a.json: referenceTypes of a: there is no resource type Robot" },
	{ "{'name':'a','canonicalValuesOnly':true}",
		"/canonicalValuesOnly: there are no canonicalValues" },
	{ "{'name':'a','type':'integer','canonicalValues':['1']}",
		"only a string, a reference or a dateTime has canonicalValues" },
	{ "", "#/attributes: this must be a list of 1 to 200 attributes" },
};

static void test_every_wrong_attribute_is_told_with_its_place(void **state)
{
	for (size_t i = 0; i < sizeof(attribute_cases) / sizeof(attribute_cases[0]); i++) {
		struct scim_problems problems;
		const char *text;

		assert_null(load_sensor(*state, attribute_cases[i].attributes, &problems));
		text = scim_problem_text(*state, &problems.items[0]);
		if (problems.count != 1 || strstr(text, attribute_cases[i].problem) == NULL) {
			fail_msg("%s: %zu problems, %s", attribute_cases[i].attributes,
				problems.count, text);
		}
	}
}

#define PLACE "{'id':'" SENSOR "','attributes':[{'name':'place'}]}"
#define TYPE(name, endpoint, urn) "{'name':'" name "','endpoint':'" endpoint "','schema':'" urn "'}"

static const struct {
	const char *schema;
	const char *type;
	const char *problem;
} file_cases[] = {
	{ "{", NULL, "schemas/a.json: line 1, column 2" },
	{ "7", NULL, "schemas/a.json: a file holds a JSON object, or a list" },
	{ "{'id':'Sensor'}", NULL, "schemas/a.json: a schema needs an id that is a URN" },
	{ "{'id':'urn:a b:c','attributes':[{'name':'a'}]}", NULL, "needs an id that is a URN" },
	{ "{'id':'" SENSOR "','attribute':[]}", sensor_type, "a schema has no member 'attribute'" },
	{ "{'id':'" USER_URN "','attributes':[{'name':'a'}]}", NULL,
		"#/id: the schema " USER_URN " is built in; add attributes to User" },
	{ "[" PLACE "," PLACE "]", sensor_type,
		"schemas/a.json#/1/id: the schema " SENSOR " stands in schemas/a.json already" },
	{ "[" PLACE ",{'id':'" SENSOR ":place','attributes':[{'name':'a'}]}]",
		"{'name':'Sensor','endpoint':'/Sensors','schema':'" SENSOR
		"','schemaExtensions':[{'schema':'" SENSOR ":place'}]}",
		"#/1/id: " SENSOR ":place is also the path of an attribute of " SENSOR },
	{ PLACE, NULL, "no resource type uses the schema " SENSOR "; name it as 'schema'" },
	{ NULL, sensor_type,
		"resource_types/b.json#/schema: there is no schema " SENSOR
		"; put it into a file" },
	{ NULL, "'x'", "a file holds a JSON object" },
	{ NULL, "[1]", "resource_types/b.json#/0: a resource type is an object" },
	{ PLACE, "[" TYPE("Sensor", "/Sensors", SENSOR) ",{'endpoint':'/X','schema':'" SENSOR "'}]",
		"#/1: a resource type needs a name" },
	{ PLACE, "[" TYPE("Sensor", "/Sensors", SENSOR) "," TYPE("A b", "/X", SENSOR) "]",
		"#/1: a resource type needs a name" },
	{ PLACE, "{'id':'X','name':'Sensor','endpoint':'/Sensors','schema':'" SENSOR "'}",
		"#/id: the id of a resource type is its name, here 'Sensor'" },
	{ PLACE, "[" TYPE("Sensor", "/Sensors", SENSOR) "," TYPE("B", "/X/Y", SENSOR) "]",
		"#/1: a resource type needs an endpoint" },
	{ PLACE, "[" TYPE("Sensor", "/Sensors", SENSOR) "," TYPE("B", "X", SENSOR) "]",
		"#/1: a resource type needs an endpoint" },
	{ PLACE, "[" TYPE("Sensor", "/Sensors", SENSOR) "," TYPE("B", "/X", "x") "]",
		"#/1: 'schema' must be the URN of a schema" },
	{ PLACE, TYPE("Sensor", "/schemas", SENSOR),
		"#/endpoint: the endpoint /schemas has a meaning" },
	{ PLACE, TYPE("Sensor", "/Bulk", SENSOR), "#/endpoint: the endpoint /Bulk has a meaning" },
	{ PLACE, TYPE("Sensor", "/users", SENSOR),
		"another resource type has the endpoint /Users" },
	{ PLACE, "[" TYPE("Sensor", "/A", SENSOR) "," TYPE("sensor", "/B", SENSOR) "]",
		"#/1/name: there is a resource type Sensor already" },
	{ PLACE, "[" TYPE("Sensor", "/A", SENSOR) "," TYPE("B", "/B", GROUP_URN) "]",
		"#/1/schema: " GROUP_URN " is built in and belongs to another resource type" },
	{ NULL, TYPE("User", "/People", USER_URN),
		"#/endpoint: the endpoint of this built-in type is /Users" },
	{ NULL, TYPE("user", "/Users", USER_URN), "#/name: the built-in type is written User" },
	{ NULL, TYPE("Group", "/Groups", USER_URN),
		"#/schema: the schema of this built-in type is " GROUP_URN },
	{ NULL, "[" TYPE("User", "/Users", USER_URN) "," TYPE("User", "/Users", USER_URN) "]",
		"#/1/name: another file is about User already" },
	{ PLACE,
		"{'name':'Sensor','endpoint':'/S','schema':'" SENSOR
		"','schemaExtensions':[{'schema':'" SITE "'}]}",
		"#/schemaExtensions/0/schema: there is no schema " SITE },
	{ PLACE,
		"{'name':'Sensor','endpoint':'/S','schema':'" SENSOR
		"','schemaExtensions':[{'schema':'" ENTERPRISE_URN "'}]}",
		"#/schemaExtensions/0/schema: " ENTERPRISE_URN " is built in and belongs to User" },
	{ PLACE,
		"{'name':'Sensor','endpoint':'/S','schema':'" SENSOR
		"','schemaExtensions':[{'schema':'" SENSOR "'}]}",
		"#/schemaExtensions: " SENSOR
		" is the schema of a resource type, so it is no extension" },
	{ PLACE, "{'name':'Sensor','endpoint':'/S','schema':'" SENSOR "','schemaExtensions':[{}]}",
		"#/schemaExtensions/0: 'schema' must be the URN of a schema" },
	{ PLACE, "{'name':'Sensor','endpoint':'/S','schema':'" SENSOR "','schemaExtensions':7}",
		"#/schemaExtensions: this must be a list of at most 16 extensions" },
	{ PLACE, "{'name':'Sensor','endpoint':'/S','schema':'" SENSOR "','extensions':[]}",
		"resource_types/b.json: a resource type has no member 'extensions'" },
};

static void test_every_wrong_file_is_told_with_its_place(void **state)
{
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		struct scim_problems problems;
		const char *text;

		assert_null(load(*state, file_cases[i].schema, file_cases[i].type, &problems));
		text = scim_problem_text(*state, &problems.items[0]);
		if (strstr(text, file_cases[i].problem) == NULL) {
			fail_msg("case %zu: %s instead of %s", i, text, file_cases[i].problem);
		}
	}
}

static void test_all_problems_are_told_at_once(void **state)
{
	struct scim_problems problems;

	assert_null(load_sensor(*state,
		"{'name':'a','type':'x','returned':'y'},{'name':'b c'},{'name':'A'}", &problems));

	assert_int_equal(problems.count, 4);
}

/* `count` unique attributes. */
static const char *uniques(struct arena *arena, int count)
{
	const char *text = "";

	for (int i = 0; i < count; i++) {
		text = arena_printf(arena, "%s%s{'name':'a%d','uniqueness':'server'}", text,
			i > 0 ? "," : "", i);
	}
	return text;
}

static void test_limits_are_held(void **state)
{
	struct scim_problems problems;
	const char *many = "{'name':'a0'}";
	char *types = arena_strdup(*state, "");

	assert_non_null(load_sensor(*state, uniques(*state, 16), &problems));
	assert_null(load_sensor(*state, uniques(*state, 17), &problems));
	assert_string_equal(
		problems.items[0].message, "Sensor has 17 unique attributes, at most 16 can be");

	for (int i = 1; i <= 200; i++) {
		many = arena_printf(*state, "%s,{'name':'a%d'}", many, i);
	}
	assert_null(load_sensor(*state, many, &problems));
	assert_string_equal(
		problems.items[0].message, "this must be a list of 1 to 200 attributes, not 201");

	for (int i = 0; i < 31; i++) {
		types = arena_printf(*state,
			"%s%s{'name':'T%d','endpoint':'/T%d','schema':'" SENSOR "'}", types,
			i > 0 ? "," : "", i, i);
	}
	assert_null(load(*state, PLACE, arena_printf(*state, "[%s]", types), &problems));
	assert_string_equal(problems.items[0].message, "there are more than 30 resource types");
}

static void test_problems_beyond_the_list_are_counted(void **state)
{
	struct scim_problems problems;
	const char *many = "{}";

	for (int i = 1; i < SCIM_PROBLEMS_MAX + 5; i++) {
		many = arena_printf(*state, "%s,{}", many);
	}
	assert_null(load_sensor(*state, many, &problems));

	assert_int_equal(problems.count, SCIM_PROBLEMS_MAX);
	assert_int_equal(problems.left_out, 5);
}

/* ---- unique attributes ---- */

static const char *keys_of(
	struct arena *arena, const struct scim_resource_type *type, const char *doc)
{
	struct scim_key keys[SCIM_KEYS_MAX];
	size_t count = scim_keys_of_doc(arena, type, json(arena, doc), keys);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		assert_true(keys[i].unique);
		text = arena_printf(arena, "%s%s%d=%s", text, i > 0 ? " " : "",
			keys[i].kind - SCIM_KEY_CUSTOM, keys[i].text);
	}
	return text;
}

static const char unique_attributes[] =
	"{'name':'serial','uniqueness':'server'},"
	"{'name':'tag','uniqueness':'global','caseExact':true,'multiValued':true},"
	"{'name':'slot','type':'integer','uniqueness':'server'},"
	"{'name':'macs','type':'complex','multiValued':true,'subAttributes':["
	"{'name':'value','uniqueness':'server'},{'name':'type'}]}";

static void test_unique_attributes_have_keys_in_the_form_that_they_are_compared_in(void **state)
{
	const struct scim_resource_type *type = sensor(*state, unique_attributes);

	assert_string_equal(
		keys_of(*state, type,
			"{'serial':'AbC','tag':['B','b'],'slot':7,'macs':[{'value':'M','type':'x'},"
			"{'value':'m'},{'type':'y'}]}"),
		"0=abc 1=B 1=b 2=7 3=m");
	assert_string_equal(keys_of(*state, type, "{}"), "");
}

static void test_a_filter_finds_unique_attributes_through_their_keys(void **state)
{
	const struct scim_resource_type *type = sensor(*state, unique_attributes);
	static const struct {
		const char *filter;
		int index; /* -1: no key */
		const char *text;
	} cases[] = {
		{ "serial eq 'AbC'", 0, "abc" },
		{ "tag eq 'AbC'", 1, "AbC" },
		{ "slot eq 7", 2, "7" },
		{ "slot eq 7.5", -1, NULL },
		{ "macs eq 'M'", 3, "m" },
		{ "macs[type eq 'x' and value eq 'M']", 3, "m" },
		{ "macs.type eq 'x'", -1, NULL },
		{ "serial eq 'a' or tag eq 'b'", -1, NULL },
		{ "serial co 'a'", -1, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = quoted(*state, cases[i].filter);
		const struct scim_filter *filter =
			scim_filter_parse(*state, type, text, strlen(text), false, NULL);
		struct scim_key key = { 0 };
		bool found = filter != NULL && scim_key_of_filter(*state, filter, &key);

		if (filter == NULL || found != (cases[i].index >= 0)) {
			fail_msg("%s", text);
		}
		if (found) {
			assert_int_equal(key.kind, SCIM_KEY_CUSTOM + cases[i].index);
			assert_string_equal(key.text, cases[i].text);
		}
	}
}

static void test_a_key_is_named_by_schema_and_path(void **state)
{
	const struct scim_resource_type *type = sensor(*state, unique_attributes);
	const struct scim_model *model = type->model;

	assert_int_equal(model->unique_count, 4);
	assert_string_equal(scim_key_name(*state, model->unique[0]), SENSOR ":serial");
	assert_string_equal(scim_key_name(*state, model->unique[3]), SENSOR ":macs.value");
}

/* ---- discovery ---- */

static void test_discovery_shows_what_was_loaded(void **state)
{
	struct scim_problems problems;
	const struct scim_model *model =
		load_sensor(*state, "{'name':'place','returned':'request'}", &problems);
	struct buf buf = { 0 };

	assert_true(scim_discovery_types(&buf, model, "https://gate/scim/v2", "Sensor"));
	assert_non_null(strstr(buf_text(&buf), "\"endpoint\":\"/Sensors\""));
	buf_clear(&buf);
	assert_true(scim_discovery_schemas(&buf, model, "https://gate/scim/v2", SENSOR));
	assert_non_null(strstr(buf_text(&buf), "\"returned\":\"request\""));
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_no_files_are_the_core_model),
		ARENA_TEST(test_what_an_attribute_does_not_say_has_the_defaults_of_the_rfc),
		ARENA_TEST(test_an_attribute_has_what_its_file_says),
		ARENA_TEST(test_user_gets_an_extension_and_keeps_its_own),
		ARENA_TEST(test_a_file_may_be_what_another_server_lists),
		ARENA_TEST(test_every_wrong_attribute_is_told_with_its_place),
		ARENA_TEST(test_every_wrong_file_is_told_with_its_place),
		ARENA_TEST(test_all_problems_are_told_at_once),
		ARENA_TEST(test_limits_are_held),
		ARENA_TEST(test_problems_beyond_the_list_are_counted),
		ARENA_TEST(test_unique_attributes_have_keys_in_the_form_that_they_are_compared_in),
		ARENA_TEST(test_a_filter_finds_unique_attributes_through_their_keys),
		ARENA_TEST(test_a_key_is_named_by_schema_and_path),
		ARENA_TEST(test_discovery_shows_what_was_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
