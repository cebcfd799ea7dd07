/* What Go prints, its complaints included. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_verbs_print_as_in_go(void **state)
{
	static const struct call_case cases[] = {
		{ "sprintf", "[\"%d\", [5]]", "\"5\"" },
		{ "sprintf", "[\"%s\", [5]]", "\"%!s(int64=5)\"" },
		{ "sprintf", "[\"%d\", [0.5]]", "\"%!d(float64=0.5)\"" },
		{ "sprintf", "[\"%d\", [\"a\"]]", "\"%!d(string=a)\"" },
		{ "sprintf", "[\"%v|%v|%v|%v\", [1, 1.5, \"a\", true]]", "\"1|1.5|a|true\"" },
		{ "sprintf", "[\"%v\", [{\"$set\": [1, \"a\", [null]]}]]",
			"\"{1, \\\"a\\\", [null]}\"" },
		{ "sprintf", "[\"%v\", [{\"$set\": []}]]", "\"set()\"" },
		{ "sprintf", "[\"%v\", [{\"a\": [1], \"b\": {\"$set\": [2]}}]]",
			"\"{\\\"a\\\": [1], \\\"b\\\": {2}}\"" },
		{ "sprintf", "[\"%s\", [[\"a\\\"b\\n\\u00e9\\u0007\"]]]",
			"\"[\\\"a\\\\\\\"b\\\\n\xc3\xa9\\\\a\\\"]\"" },
		{ "sprintf",
			"[\"%5d|%-5d|%05d|%+d|% d|%x|%X|%o|%b|%c|%q|%U\", [42, 42, 42, 42, 42, "
			"255, 255, 8, 5, 233, 233, 233]]",
			"\"   42|42   |00042|+42| 42|ff|FF|10|101|\xc3\xa9|'\xc3\xa9'|U+00E9\"" },
		{ "sprintf", "[\"%#x|%#o|%#q|%#v|%O\", [255, 8, \"a`b\", \"a\", 8]]",
			"\"0xff|010|\\\"a`b\\\"|\\\"a\\\"|0o10\"" },
		{ "sprintf",
			"[\"%8.3f|%-8.2f|%08.2f|%e|%E|%g|%G|%.3g\", [1.5, 1.5, -1.5, 1234567.25, "
			"0.00001234, 0.00001234, 1234567.25, 1234567.25]]",
			"\"   1.500|1.50    "
			"|-0001.50|1.234567e+06|1.234000E-05|1.234e-05|1.23456725E+06|1.23e+06\"" },
		{ "sprintf",
			"[\"%6.2s|%-6s|%x|%X|% x|%q\", [\"abc\", \"ab\", \"hi\", \"hi\", \"hi\", "
			"\"a\\u00e9\\t\"]]",
			"\"    ab|ab    |6869|6869|68 69|\\\"a\xc3\xa9\\\\t\\\"\"" },
		{ "sprintf", "[\"%[2]d %[1]d\", [1, 2]]", "\"2 1\"" },
		{ "sprintf", "[\"%[3]d\", [1, 2]]", "\"%!d(BADINDEX)\"" },
		{ "sprintf", "[\"%*d|%-*d|%.*f\", [5, 1, 5, 2, 2, 1.005]]",
			"\"    1|2    |1.00\"" },
		{ "sprintf", "[\"%d %d\", [1]]", "\"1 %!d(MISSING)\"" },
		{ "sprintf", "[\"%d\", [1, \"x\", 2.5]]", "\"1%!(EXTRA string=x, float64=2.5)\"" },
		{ "sprintf", "[\"%!|%z|100%%|%\", [1]]",
			"\"%!!(int64=1)|%!z(MISSING)|100%|%!(NOVERB)\"" },
		{ "sprintf", "[\"%T %T %T %T\", [1, 1.5, \"a\", 12345678901234567890]]",
			"\"int64 float64 string *big.Int\"" },
		{ "sprintf",
			"[\"%d %x %v %s\", [12345678901234567890, 12345678901234567890, "
			"12345678901234567890, 12345678901234567890]]",
			"\"12345678901234567890 ab54a98ceb1f0ad2 12345678901234567890 "
			"12345678901234567890\"" },
		{ "sprintf", "[\"%f\", [12345678901234567890]]",
			"\"%!f(big.Int=12345678901234567890)\"" },
		{ "sprintf", "[\"%t\", [true]]", "\"%!t(string=true)\"" },
		{ "sprintf", "[\"%v\", [0.1]]", "\"0.1\"" },
		{ "sprintf", "[\"%v %v %v\", [1234567.5, 0.000012345, 123456.7]]",
			"\"1.2345675e+06 1.2345e-05 123456.7\"" },
		{ "sprintf", "[1, []]", "error: operand 1 must be string but got number" },
		{ "sprintf", "[\"a\", \"b\"]", "error: operand 2 must be array but got string" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_template_strings_show_undefined(void **state)
{
	static const struct call_case cases[] = {
		{ "internal.template_string",
			"[[\"a \", {\"$set\": [1]}, \" b \", {\"$set\": []}, {\"$set\": [\"x\"]}, "
			"2]]",
			"\"a 1 b <undefined>x2\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs_print_as_in_go),
		cmocka_unit_test(test_template_strings_show_undefined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
