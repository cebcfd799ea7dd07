"""The table of OPA's cases counts what `conformance` prints, and misses the goal when it is missed."""

from table import GROUPS, LANGUAGE, group_of, percent, table

LOG = """WRONG sprintf/a.yaml#1 (x): wanted 1, got 2
category                                   pass  wrong  error  missing
globmatch                                    45      0      0        0
helloworld                                    2      0      0        0
http                                          0      0      0        {refused}
regexfind                                    {passed}      1      0        0
all                                        1000      1      0        1
of the cases whose builtins are there 99.8 %, of all 98.9 %, excused 5

refused builtin                           cases  reason
http.send                                     {refused}  a decision asks nobody: the same input
1000 passed, 0 failed, 2 skipped
"""


def test_groups_sum_up_and_refusals_keep_their_reason():
    lines, reached = table(LOG.format(passed=953, refused=1))

    assert reached
    assert [line.split() for line in lines if line.startswith("regex, glob")] == [
        ["regex,", "glob", "999", "998", "1", "-", "-", "99.8", "%"]
    ]
    assert next(line.split() for line in lines if line.startswith("all "))[1:4] == ["1002", "1000", "1"]
    assert lines[-1].split(maxsplit=2) == ["http.send", "1", "a decision asks nobody: the same input"]
    assert len(lines) <= 40


def test_the_goal_is_missed_below_it_and_without_cases():
    assert not table(LOG.format(passed=953, refused=25))[1]
    assert table("")[1] is False


def test_a_share_is_never_rounded_up():
    assert percent([9999, 1, 0, 0]) == 99.9


def test_every_category_is_in_one_group():
    assert group_of("arraysomething") == LANGUAGE
    assert group_of("timer") == LANGUAGE
    assert {group_of(name) for name in ("array", "time", "jwtverifyrsa", "regometadatarule")} <= set(GROUPS)
