/*
 * Floats of 64 bits: what Go's math/big gives for the same operations (each row was computed by
 * it), and the law that a text reads back as what it was made of.
 */
#include "policy/builtin_float.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct bigfloat parse(const char *text)
{
	return policy_float_parse(arena, text, strlen(text));
}

static const char *compute(char operation, struct bigfloat a, struct bigfloat b)
{
	unsigned precision = operation == 'p' ? 53 : FLOAT_BITS;
	struct bigfloat one = parse("1");
	struct bigfloat result =
		operation == '+'   ? policy_float_add(arena, a, b)
		: operation == '-' ? policy_float_add(arena, a, policy_float_negate(b))
		: operation == '/' ? policy_float_divide(arena, a, b)
		: operation == 'p' ? policy_float_multiply(
					     arena, policy_float_multiply(arena, one, a, 53), b, 53)
				   : policy_float_multiply(arena, a, b, FLOAT_BITS);

	return policy_float_text(arena, result, precision, NULL);
}

static void test_results_have_gos_digits(void **state)
{
	static const struct {
		char operation; /* p: a product of 53 bits, as product() makes it */
		const char *a, *b, *want;
	} rows[] = {
		{ '+', "-9018098589939.3570293931", "502040177464210.300100",
			"4.9302207887427094308e+14" },
		{ '+', "25620929078012640", "33729090710.0", "25620962807103350" },
		{ '+', "-524924", "10720540950168.3112", "1.07205404252443112e+13" },
		{ '+', "733119123795059069.904420594", "-6609.240902979",
			"7.331191237950524606e+17" },
		{ '+', "19150803646010.7343969", "506907510901005.812015094e-17",
			"1.9150803646010739466e+13" },
		{ '+', "-28800770021529990.1098e12", "-100314.1056523543644941053",
			"-28800770021529990109000000000" },
		{ '+', "-90039890960580985", "-865778808799099e6", "-865868848690059581000" },
		{ '+', "-95300380205099", "40873", "-95300380164226" },
		{ '-', "-973020.80025e24", "22989914546947e-13",
			"-973020800250000000000000000000" },
		{ '-', "-414239.10920", "900909.99809810", "-1.3151491072981e+06" },
		{ '-', "-8129", "-5040808507.2571137935009", "5.0408003782571137934e+09" },
		{ '-', "-1340439071938000.9138223937706209", "0e0", "-1.3404390719380009138e+15" },
		{ '-', "596.9447909952207564", "922092732.1015346409811",
			"-9.220921351567436458e+08" },
		{ '-', "47", "331165489040", "-331165488993" },
		{ '-', "-4540182043780903.8415473029920", "80079125e16",
			"-800791254540182043750000" },
		{ '-', "3158088022.31400005822e21", "520016387001516499",
			"3158088022313480041600000000000" },
		{ '*', "-9980.93e25", "-27.196055119013136502990",
			"2714419224190117845000000000000" },
		{ '*', "-3060010718019.574388253472", "-9800988099891501998557.102919739",
			"29991128632850299097000000000000000" },
		{ '*', "-1691950968009706499405", "16920470894083.2819200900850590",
			"-28628607108424272858000000000000000" },
		{ '*', "90995196.88613920252439046802", "-501.1278710925882",
			"-4.5600229295201849457e+10" },
		{ '*', "-16794", "-92541559803076e1", "15541429553328583440" },
		{ '*', "-162707821649027957807.816583890040959199505", "-9.3",
			"1513182741335960007700" },
		{ '*', "2352001028909.9146099005855e-37", "-5969235627.659040",
			"-1.403964833805978202e-15" },
		{ '*', "994.2", "102.8398081090683977144", "102243.33722203580101" },
		{ '/', "-1699607772.11940797916e34", "-5",
			"3399215544238815958500000000000000000000000" },
		{ '/', "-9926047210091308037.9050146002060399068", "-278063.93925e24",
			"3.5696995579017022927e-11" },
		{ '/', "-4969.13922162027990981", "-8752913293.2219977e18",
			"5.6771260666642696705e-25" },
		{ '/', "1007900869398e-32", "-407802.1113", "-2.4715440196839412488e-26" },
		{ '/', "-6021280389559", "-11001.3498e-25", "5473219649427927471000000000000000" },
		{ '/', "-7", "2293290094907040020.1480072118682", "-3.0523831309199237937e-18" },
		{ '/', "-170.60002479709018152", "-699589579906109.300695099050e-8",
			"2.438572981890126405e-05" },
		{ '/', "-3989073068690.77920517195930482e7", "-4.1009500375286887",
			"9727192558275280266" },
		{ 'p', "391356509e25", "-7595099229482.28912905697980913925",
			"-29723915199587785000000000000000000000000000000" },
		{ 'p', "-9200909056910", "1960690890.84731330041927e-23", "-0.18040138575397982" },
		{ 'p', "-908776099926971499.140037", "-79914279202260998929.16930062070240390",
			"72624186981905840000000000000000000000" },
		{ 'p', "-89960027.9", "-9.19989702839913", "8.276229933519129e+08" },
		{ 'p', "-2036230193944055563220.7193760909703", "650061788903e-3",
			"-1323675442493575400000000000000" },
		{ 'p', "49040921925099651.9999930005989e7", "98692810791012070.5",
			"48399864285706550000000000000000000000000" },
		{ 'p', "-16194996299099.25773e13", "229.3376e-40", "-3.714121583244306e-12" },
		{ 'p', "-508903770590694845.9889195606490492293408", "-12939.1e3",
			"6584756778050060000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = compute(rows[i].operation, parse(rows[i].a), parse(rows[i].b));
		if (strcmp(got, rows[i].want) != 0) {
			fail_msg("%s %c %s: wanted %s, got %s", rows[i].a, rows[i].operation,
				rows[i].b, rows[i].want, got);
		}
	}
}

static void test_the_shortest_text_reads_back(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		arena_reset(arena);
		struct bigfloat a = { .mantissa = seed | UINT64_C(1) << 63,
			.exponent = (int64_t)(seed >> 20) % 600 - 300 };
		const char *text = policy_float_text(arena, a, FLOAT_BITS, NULL);
		struct bigfloat again = parse(text);
		if (again.mantissa != a.mantissa || again.exponent != a.exponent) {
			fail_msg("%s reads back as something else", text);
		}
	}
}

static void test_halves_go_to_the_even_neighbour(void **state)
{
	(void)state;
	assert_string_equal(
		compute('+', parse("18446744073709551616"), parse("1.0")), "18446744073709551616");
	assert_string_equal(
		compute('+', parse("18446744073709551616"), parse("3")), "18446744073709551620");
	assert_string_equal(compute('+', parse("1e30"), parse("-1e-300")),
		compute('+', parse("1e30"), parse("0")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_have_gos_digits),
		cmocka_unit_test(test_the_shortest_text_reads_back),
		cmocka_unit_test(test_halves_go_to_the_even_neighbour),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
