#include "policy/builtin_net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"

#define EXPAND_LIMIT 65536 /* addresses; OPA's only end is its time-out */
#define TEXT_LIMIT 64

const uint8_t policy_address_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct address policy_address_of(const uint8_t bytes[16])
{
	struct address address = { .size = 16 };

	memcpy(address.bytes, bytes, 16);
	if (memcmp(bytes, policy_address_mapped, sizeof(policy_address_mapped)) == 0) {
		address.size = 4;
		memcpy(address.bytes, bytes + 12, 4);
	}
	return address;
}

/* Reads an address; *bits: of its family as it is written. */
bool policy_address_parse(struct span text, struct address *address, unsigned *bits)
{
	char copy[TEXT_LIMIT];
	uint8_t bytes[16];

	if (text.size >= sizeof(copy) || memchr(text.at, '\0', text.size) != NULL) {
		return false;
	}
	memcpy(copy, text.at, text.size);
	copy[text.size] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1) {
		*address = (struct address){ .size = 4 };
		memcpy(address->bytes, bytes, 4);
		*bits = 32;
		return true;
	}
	*bits = 128;
	if (inet_pton(AF_INET6, copy, bytes) != 1) {
		return false;
	}
	*address = policy_address_of(bytes);
	return true;
}

void policy_address_mask(struct address *address, unsigned ones)
{
	for (unsigned i = 0; i < address->size; i++) {
		unsigned keep = ones > i * 8 ? ones - i * 8 : 0;
		address->bytes[i] &= keep >= 8 ? 0xff : (uint8_t)(0xff00u >> keep);
	}
}

static bool parse_network(struct span text, struct network *network)
{
	const char *slash = memchr(text.at, '/', text.size);
	size_t before = slash != NULL ? (size_t)(slash - text.at) : 0;
	unsigned bits;
	unsigned ones = 0;

	if (slash == NULL || text.size - before < 2 || text.size - before > 8 ||
		!policy_address_parse((struct span){ text.at, before }, &network->address, &bits)) {
		return false;
	}
	for (size_t i = before + 1; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9') {
			return false;
		}
		ones = ones * 10 + (unsigned)(text.at[i] - '0');
	}
	if (ones > bits) {
		return false;
	}
	if (bits == 128 && network->address.size == 4) {
		if (ones >= 96) { /* a mapped address with its own mask */
			ones -= 96;
		} else {
			uint8_t whole[16];
			memcpy(whole, policy_address_mapped, 12);
			memcpy(whole + 12, network->address.bytes, 4);
			network->address.size = 16;
			memcpy(network->address.bytes, whole, 16);
		}
	}
	policy_address_mask(&network->address, ones);
	network->ones = ones;
	return true;
}

static bool has_address(const struct network *network, const struct address *address)
{
	struct address start = *address;

	if (address->size != network->address.size) {
		return false;
	}
	policy_address_mask(&start, network->ones);
	return memcmp(start.bytes, network->address.bytes, start.size) == 0;
}

static bool has_network(const struct network *a, const struct network *b)
{
	return a->ones <= b->ones && has_address(a, &b->address);
}

/* Go's form: the longest run of zeros is left out. */
void policy_address_write(struct buf *buf, const struct address *address)
{
	const uint8_t *b = address->bytes;
	int best = -1;
	int best_size = 1;

	if (address->size == 4) {
		buf_printf(buf, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return;
	}
	for (int i = 0; i < 8; i++) {
		int size = 0;
		while (i + size < 8 && b[2 * (i + size)] == 0 && b[2 * (i + size) + 1] == 0) {
			size++;
		}
		if (size > best_size) {
			best = i;
			best_size = size;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			buf_append_text(buf, "::");
			i += best_size - 1;
			continue;
		}
		buf_printf(buf, "%s%x", i > 0 && (best < 0 || i != best + best_size) ? ":" : "",
			(unsigned)b[2 * i] << 8 | b[2 * i + 1]);
	}
}

/* ---- builtins ---- */

#define SHOWN(span) (int)((span).size < 100 ? (span).size : 100), (span).at

/* False: reported. */
bool builtin_network(
	struct policy_context *context, const struct value *value, struct network *network)
{
	policy_charge(context, 20);
	if (!builtin_is(context, &value, 0, VALUE_STRING)) {
		return false;
	}
	struct span text = span_of(value);
	if (!parse_network(text, network)) {
		builtin_error(context, "invalid CIDR address: %.*s", SHOWN(text));
		return false;
	}
	return true;
}

/* -1: reported. */
static int contains(struct policy_context *context, const struct value *a, const struct value *b)
{
	struct network outer, inner;
	struct address address;
	unsigned bits;

	if (!builtin_network(context, a, &outer) || !builtin_is(context, &b, 0, VALUE_STRING)) {
		return -1;
	}
	policy_charge(context, 20);
	struct span text = span_of(b);
	if (policy_address_parse(text, &address, &bits)) {
		return has_address(&outer, &address);
	}
	if (!parse_network(text, &inner)) {
		builtin_error(context,
			"not a valid textual representation of an IP address or CIDR: %.*s",
			SHOWN(text));
		return -1;
	}
	return has_network(&outer, &inner);
}

const struct value *builtin_net_cidr_contains(
	struct policy_context *context, const struct value *const *args)
{
	int result = contains(context, args[0], args[1]);

	return result >= 0 ? value_of_bool(result > 0) : NULL;
}

const struct value *builtin_net_cidr_intersects(
	struct policy_context *context, const struct value *const *args)
{
	struct network a, b;

	if (!builtin_network(context, args[0], &a) || !builtin_network(context, args[1], &b)) {
		return NULL;
	}
	return value_of_bool(has_address(&a, &b.address) || has_address(&b, &a.address));
}

const struct value *builtin_net_cidr_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct network network;

	policy_charge(context, 20);
	return value_of_bool(
		value_is(args[0], VALUE_STRING) && parse_network(span_of(args[0]), &network));
}

static const struct value *address_text(
	struct policy_context *context, const struct address *address)
{
	struct buf *buf = policy_buf(context, 0);

	policy_address_write(buf, address);
	return policy_text_of_buf(context, buf);
}

const struct value *builtin_net_cidr_expand(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };
	struct network network;

	if (!builtin_network(context, args[0], &network)) {
		return NULL;
	}
	struct address address = network.address;
	unsigned host_bits = address.size * 8 - network.ones;
	if (host_bits > 16) {
		return builtin_error(
			context, "the network has more than %d addresses", EXPAND_LIMIT);
	}
	for (uint32_t i = 0; i < UINT32_C(1) << host_bits; i++) {
		policy_charge(context, 20);
		builtin_list_add(context, &list, address_text(context, &address));
		for (unsigned k = address.size; k-- > 0;) {
			if (++address.bytes[k] != 0) {
				break;
			}
		}
	}
	return builtin_list_set(context, &list);
}

/* ---- net.cidr_contains_matches ---- */

/* One operand as a list of [network or address, what stands for it in the result]. */
struct candidates {
	struct builtin_list texts, names;
};

static bool add_candidate(struct policy_context *context, struct candidates *candidates,
	unsigned operand, const struct value *item, const struct value *name)
{
	if (value_is(item, VALUE_ARRAY) && value_count(item) > 0) {
		item = value_at(item, 0);
	} else if (!value_is(item, VALUE_STRING)) {
		builtin_error(
			context, "operand %u: element must be string or non-empty array", operand);
		return false;
	}
	builtin_list_add(context, &candidates->texts, item);
	builtin_list_add(context, &candidates->names, name);
	return true;
}

static bool candidates_of(struct policy_context *context, const struct value *value,
	unsigned operand, struct candidates *candidates)
{
	if (value_is(value, VALUE_STRING)) {
		return add_candidate(context, candidates, operand, value, value);
	}
	for (size_t i = 0; i < value_count(value); i++) {
		bool object = value_is(value, VALUE_OBJECT);
		const struct value *item =
			object ? value_member_at(value, i)->value : value_at(value, i);
		const struct value *name = object ? value_member_at(value, i)->key
					   : value_is(value, VALUE_ARRAY)
						   ? value_of_int(context->arena, (int64_t)i)
						   : item;
		if (!add_candidate(context, candidates, operand, item, name)) {
			return false;
		}
	}
	return true;
}

const struct value *builtin_net_cidr_contains_matches(
	struct policy_context *context, const struct value *const *args)
{
	struct candidates outer = { 0 };
	struct candidates inner = { 0 };
	struct builtin_list list = { 0 };

	if (!candidates_of(context, args[0], 1, &outer)) {
		return NULL;
	}
	/* OPA looks at the second only when the first has something. */
	if (outer.texts.count > 0 && !candidates_of(context, args[1], 2, &inner)) {
		return NULL;
	}
	for (size_t i = 0; i < outer.texts.count; i++) {
		for (size_t k = 0; k < inner.texts.count; k++) {
			int result = contains(context, outer.texts.items[i], inner.texts.items[k]);
			if (result < 0) {
				return NULL;
			}
			if (result > 0) {
				const struct value *pair[2] = { outer.names.items[i],
					inner.names.items[k] };
				builtin_list_add(context, &list, policy_array(context, pair, 2));
			}
		}
	}
	return builtin_list_set(context, &list);
}
