/*
 * The table of builtins: ROW(name, least arguments, most arguments, function).
 *
 * No include guard: policy/builtin.c includes it twice, to declare the functions and to build
 * the rows. Sorted by name in byte order; tests/unit/policy/test_builtin.c checks it.
 */
