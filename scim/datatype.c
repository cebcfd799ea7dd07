#include "scim/datatype.h"

#include <string.h>

/* A run of exactly `digits` digits. False: something else. */
static bool number(const char **text, const char *end, int digits, int *result)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*text)++) {
		if (*text == end || **text < '0' || **text > '9') {
			return false;
		}
		value = value * 10 + (**text - '0');
	}
	*result = value;
	return true;
}

static bool character(const char **text, const char *end, char c)
{
	if (*text == end || **text != c) {
		return false;
	}
	(*text)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the Gregorian calendar. */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static bool date(const char **text, const char *end, int64_t *days)
{
	int year, month, day;

	if (!number(text, end, 4, &year) || !character(text, end, '-') ||
		!number(text, end, 2, &month) || !character(text, end, '-') ||
		!number(text, end, 2, &day)) {
		return false;
	}
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
		return false;
	}
	*days = days_from_civil(year, month, day);
	return true;
}

/* .123456789: digits after the sixth count for nothing. */
static bool fraction(const char **text, const char *end, int64_t *us)
{
	int64_t unit = 100000;

	*us = 0;
	if (!character(text, end, '.')) {
		return true;
	}
	if (*text == end || **text < '0' || **text > '9') {
		return false;
	}
	for (; *text < end && **text >= '0' && **text <= '9'; (*text)++) {
		*us += (**text - '0') * unit;
		unit /= 10;
	}
	return true;
}

static bool time_of_day(const char **text, const char *end, int64_t *us)
{
	int hour, minute, second;
	int64_t part;

	if (!number(text, end, 2, &hour) || !character(text, end, ':') ||
		!number(text, end, 2, &minute) || !character(text, end, ':') ||
		!number(text, end, 2, &second) || !fraction(text, end, &part)) {
		return false;
	}
	if (hour > 23 || minute > 59 || second > 59) {
		return false;
	}
	*us = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + part;
	return true;
}

static bool zone(const char **text, const char *end, bool needed, int64_t *us)
{
	int hour, minute;
	int sign;

	*us = 0;
	if (*text == end) {
		return !needed;
	}
	if (character(text, end, 'Z')) {
		return true;
	}
	sign = **text == '+' ? 1 : -1;
	if (!character(text, end, '+') && !character(text, end, '-')) {
		return false;
	}
	if (!number(text, end, 2, &hour) || !character(text, end, ':') ||
		!number(text, end, 2, &minute) || hour > 14 || minute > 59) {
		return false;
	}
	*us = sign * ((int64_t)hour * 60 + minute) * 60 * 1000000;
	return true;
}

bool scim_datetime_parse(const char *text, size_t size, bool needs_zone, int64_t *us)
{
	const char *end = text + size;
	int64_t days, time, offset;

	if (!date(&text, end, &days) || !character(&text, end, 'T') ||
		!time_of_day(&text, end, &time) || !zone(&text, end, needs_zone, &offset)) {
		return false;
	}
	*us = days * 86400 * 1000000 + time - offset;
	return text == end;
}

bool scim_binary_check(const char *text, size_t size)
{
	size_t padding = 0;
	bool standard = false;
	bool url = false;

	while (padding < 2 && padding < size && text[size - padding - 1] == '=') {
		padding++;
	}
	size_t digits = size - padding;

	for (size_t i = 0; i < digits; i++) {
		char c = text[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		standard = standard || c == '+' || c == '/';
		url = url || c == '-' || c == '_';
		if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '/' && c != '-' &&
			c != '_') {
			return false;
		}
	}
	return digits % 4 != 1 && (padding == 0 || size % 4 == 0) && !(standard && url);
}
