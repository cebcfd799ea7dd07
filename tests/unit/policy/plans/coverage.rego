# What policy/coverage.h is tested with: tests/unit/policy/test_coverage.c. After a change: ./make.sh
package coverage

answer := {"who": who, "found": found}

who := "a" if input.x == 1

who := "b" if input.x == 2

found contains word if {
	some word in input.words
	startswith(word, "x")
}
