/*
 * JUnit's XML, as the readers of Jenkins, GitLab, GitHub and others agree on it:
 *
 *     testsuites > testsuite > properties > property
 *                            > testcase > failure | skipped
 */
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/report.h"

/* XML 1.0 has no way to write most control characters; they become U+FFFD. */
static void print_xml(FILE *out, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size;) {
		uint32_t point;
		size_t step = utf8_read(text + i, size - i, &point);

		if (step == 0 || (point < 0x20 && point != '\n' && point != '\t') ||
			point == 0xfffe || point == 0xffff) {
			fputs("\xef\xbf\xbd", out);
			i += step > 0 ? step : 1;
			continue;
		}
		switch (point) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\n':
			fputs("&#10;", out);
			break;
		default:
			fwrite(text + i, 1, step, out);
			break;
		}
		i += step;
	}
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	print_xml(out, value);
	fputc('"', out);
}

static void print_case(FILE *out, const struct report_case *it)
{
	fputs("    <testcase", out);
	print_attribute(out, "classname", it->suite);
	print_attribute(out, "name", it->name);
	print_attribute(out, "file", it->file);
	fprintf(out, " line=\"%zu\" time=\"%.6f\"", it->line, (double)it->took_us / 1e6);
	if (it->outcome == REPORT_PASSED) {
		fputs("/>\n", out);
		return;
	}
	if (it->outcome == REPORT_SKIPPED) {
		fputs("><skipped/></testcase>\n", out);
		return;
	}
	fputs(">\n      <failure", out);
	print_attribute(out, "message", it->message);
	fputs(" type=\"failure\">", out);
	print_xml(out, it->detail);
	fputs("</failure>\n    </testcase>\n", out);
}

/* Cases of one suite stand together: those from `from` on. Returns where the next begins. */
static size_t print_suite(FILE *out, const struct report *report, size_t from)
{
	const char *suite = report->cases[from].suite;
	size_t counts[3] = { 0 };
	int64_t took_us = 0;
	size_t to = from;

	while (to < report->case_count && strcmp(report->cases[to].suite, suite) == 0) {
		counts[report->cases[to].outcome]++;
		took_us += report->cases[to].took_us;
		to++;
	}
	fputs("  <testsuite", out);
	print_attribute(out, "name", suite);
	fprintf(out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n",
		to - from, counts[REPORT_FAILED], counts[REPORT_SKIPPED], (double)took_us / 1e6);
	fputs("    <properties>\n      <property name=\"policy.revision\"", out);
	print_attribute(out, "value", report->revision);
	fputs("/>\n    </properties>\n", out);
	for (size_t i = from; i < to; i++) {
		print_case(out, &report->cases[i]);
	}
	fputs("  </testsuite>\n", out);
	return to;
}

void report_junit(const struct cli *cli, const struct report *report)
{
	FILE *out = cli->out;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
	print_attribute(out, "name", report->title);
	fprintf(out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n",
		report->case_count, report_count(report, REPORT_FAILED),
		report_count(report, REPORT_SKIPPED), (double)report->took_us / 1e6);
	for (size_t i = 0; i < report->case_count;) {
		i = print_suite(out, report, i);
	}
	fputs("</testsuites>\n", out);
}
