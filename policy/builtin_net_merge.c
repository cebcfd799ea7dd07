/*
 * net.cidr_merge
 */
#include <string.h>
#include "base/buf.h"
#include "policy/builtin_net.h"

/* For calculating only: in the arena it would need an alignment of 16. */
__extension__ typedef unsigned __int128 wide;

struct range {
	uint8_t first[16], last[16]; /* IPv4 as mapped addresses */
	const struct value *alone;   /* how it prints when nothing joined it; NULL: it was joined */
};

static wide wide_of(const uint8_t bytes[16])
{
	wide number = 0;

	for (int i = 0; i < 16; i++) {
		number = number << 8 | bytes[i];
	}
	return number;
}

static void bytes_of(wide number, uint8_t bytes[16])
{
	for (int i = 15; i >= 0; i--, number >>= 8) {
		bytes[i] = (uint8_t)number;
	}
}

static const struct value *network_text(
	struct policy_context *context, const struct address *address, unsigned ones)
{
	struct buf *buf = policy_buf(context, 0);

	policy_address_write(buf, address);
	buf_printf(buf, "/%u", ones);
	return policy_text_of_buf(context, buf);
}

/* An address alone gets the mask of its class, as OPA gives it. False: reported. */
static bool range_of(struct policy_context *context, const struct value *value, struct range *range)
{
	struct network network;
	struct address start;
	unsigned bits;

	policy_charge(context, 40);
	if (!value_is(value, VALUE_STRING)) {
		builtin_error(context, "element must be string");
		return false;
	}
	struct span text = span_of(value);
	if (policy_address_parse(text, &network.address, &bits)) {
		if (network.address.size != 4) {
			builtin_error(context, "IPv6 invalid: needs prefix length");
			return false;
		}
		uint8_t head = network.address.bytes[0];
		network.ones = head < 128 ? 8 : head < 192 ? 16 : 24;
	} else if (!builtin_network(context, value, &network)) {
		return false;
	}
	range->alone = network_text(context, &network.address, network.ones);
	start = network.address;
	policy_address_mask(&start, network.ones);
	unsigned host_bits = start.size * 8 - network.ones;
	wide hosts = host_bits == 128 ? ~(wide)0 : ((wide)1 << host_bits) - 1;
	memcpy(range->first, policy_address_mapped, sizeof(policy_address_mapped));
	memcpy(range->first + 16 - start.size, start.bytes, start.size);
	bytes_of(wide_of(range->first) | hosts, range->last);
	return true;
}

static bool stands_before(const struct range *a, const struct range *b)
{
	int order = memcmp(a->last, b->last, 16);

	return order != 0 ? order < 0 : memcmp(a->first, b->first, 16) < 0;
}

static void sort_ranges(struct policy_context *context, struct range *ranges, size_t count)
{
	/* In place, so that no copy needs memory; the number of steps is charged before. */
	unsigned levels = 64 - (unsigned)__builtin_clzll(count + 1);
	policy_charge(context, count * levels * 2);
	for (size_t end = count, start = count / 2; end > 1;) {
		if (start > 0) {
			start--;
		} else {
			end--;
			struct range swap = ranges[0];
			ranges[0] = ranges[end];
			ranges[end] = swap;
		}
		for (size_t at = start, child; (child = 2 * at + 1) < end; at = child) {
			child += child + 1 < end &&
				 stands_before(&ranges[child], &ranges[child + 1]);
			if (!stands_before(&ranges[at], &ranges[child])) {
				break;
			}
			struct range swap = ranges[at];
			ranges[at] = ranges[child];
			ranges[child] = swap;
		}
	}
}

/* The fewest networks that are together the range. */
static void add_networks(
	struct policy_context *context, struct builtin_list *list, const struct range *range)
{
	wide first = wide_of(range->first);
	wide last = wide_of(range->last);
	unsigned width = policy_address_of(range->first).size * 8;

	for (;;) {
		uint8_t bytes[16];
		unsigned bits = 0;
		while (bits < width && (first >> bits & 1) == 0 &&
			first + (((wide)2 << bits) - 1) <= last) {
			bits++;
		}
		policy_charge(context, 40);
		bytes_of(first, bytes);
		struct address start = policy_address_of(bytes);
		builtin_list_add(context, list, network_text(context, &start, width - bits));
		wide end = first + (bits == 128 ? ~(wide)0 : ((wide)1 << bits) - 1);
		if (end >= last) {
			return;
		}
		first = end + 1;
	}
}

/* Do they overlap or touch? The lowest address of each family has none before it. */
static bool joins(const struct range *before, const struct range *range)
{
	wide first = wide_of(range->first);
	wide previous = first == 0 || first == (wide)0xffff << 32 ? first : first - 1;

	return previous <= wide_of(before->last);
}

const struct value *builtin_net_cidr_merge(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };
	size_t count = value_count(args[0]);

	if (!value_is(args[0], VALUE_ARRAY) && !value_is(args[0], VALUE_SET)) {
		return builtin_error(context, "operand must be an array");
	}
	struct range *ranges = policy_alloc_array(context, count + 1, sizeof(*ranges));
	for (size_t i = 0; i < count; i++) {
		if (!range_of(context, value_at(args[0], i), &ranges[i])) {
			return NULL;
		}
	}
	sort_ranges(context, ranges, count);
	for (size_t i = count; i > 0; i--) {
		struct range *here = &ranges[i - 1];
		if (i > 1 && joins(&here[-1], here)) {
			if (memcmp(here->first, here[-1].first, 16) < 0) {
				memcpy(here[-1].first, here->first, 16);
			}
			memcpy(here[-1].last, here->last, 16);
			here[-1].alone = NULL;
		} else if (here->alone != NULL) {
			builtin_list_add(context, &list, here->alone);
		} else {
			add_networks(context, &list, here);
		}
	}
	return builtin_list_set(context, &list);
}
