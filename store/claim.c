/*
 * Tables of queues. A tenant's queue holds its claims in the order of their coming; each key's
 * queue the claims of that key. A claim runs when it is first in each of its key queues and no
 * whole-tenant claim stands before it in the tenant's queue (one of the whole tenant: when nothing
 * stands before it). `blocked` counts the queues in which that is not so yet.
 *
 *     tenant 1:  A ─ B ─ C* ─ D        C* wants the tenant: it waits for A and B, D waits for C*
 *     key k:     A ─ B                 B waits for A
 */
#include "store/claim.h"

#include <assert.h>
#include <pthread.h>
#include "base/memory.h"

enum claim_state { CLAIM_FREE = 0, CLAIM_WAITS, CLAIM_GRANTED };
enum { BUCKETS = 4096 /* what 12 bits of a hash name */ };

struct claim_queue {
	struct claim_queue *next; /* in its bucket */
	struct claim_tenant *tenant;
	uint8_t id[UUID_BYTES];
	struct list keys; /* struct store_claim_key, first come first */
};

struct claim_tenant {
	struct claim_tenant *next;
	int id;
	struct list claims; /* struct store_claim, first come first */
	size_t waiting; /* of them, those that a whole-tenant claim holds back, or that are one */
};

struct store_claims {
	pthread_mutex_t mutex;
	struct claim_tenant *tenants;
	struct claim_queue *spare; /* queues that nobody uses now */
	size_t count;
	uint64_t seed[3];
	struct claim_queue *buckets[BUCKETS];
};

struct store_claims *store_claims_new(void)
{
	struct store_claims *claims = must_calloc(1, sizeof(*claims));

	pthread_mutex_init(&claims->mutex, NULL);
	random_bytes(claims->seed, sizeof(claims->seed));
	return claims;
}

void store_claims_free(struct store_claims *claims)
{
	if (claims == NULL) {
		return;
	}
	assert(claims->count == 0);
	while (claims->spare != NULL) {
		struct claim_queue *queue = claims->spare;
		claims->spare = queue->next;
		memory_free(queue);
	}
	while (claims->tenants != NULL) {
		struct claim_tenant *tenant = claims->tenants;
		claims->tenants = tenant->next;
		memory_free(tenant);
	}
	pthread_mutex_destroy(&claims->mutex);
	memory_free(claims);
}

/* ---- queues; the mutex is held ---- */

static struct claim_tenant *tenant_of(struct store_claims *claims, int id)
{
	struct claim_tenant *tenant = claims->tenants;

	while (tenant != NULL && tenant->id != id) {
		tenant = tenant->next;
	}
	if (tenant == NULL) {
		tenant = must_calloc(1, sizeof(*tenant));
		tenant->id = id;
		list_init(&tenant->claims);
		tenant->next = claims->tenants;
		claims->tenants = tenant;
	}
	return tenant;
}

/* Keyed: an id comes from a request target and may be anything. */
static struct claim_queue **bucket_of(struct store_claims *claims, const uint8_t id[UUID_BYTES])
{
	uint64_t parts[2];

	memcpy(parts, id, sizeof(parts));
	uint64_t hash = (parts[0] ^ claims->seed[0]) * (claims->seed[1] | 1);
	hash = ((hash ^ hash >> 29) + parts[1]) * (claims->seed[2] | 1);
	return &claims->buckets[hash >> 52];
}

static struct claim_queue *queue_of(
	struct store_claims *claims, struct claim_tenant *tenant, const uint8_t id[UUID_BYTES])
{
	struct claim_queue **bucket = bucket_of(claims, id);

	for (struct claim_queue *it = *bucket; it != NULL; it = it->next) {
		if (it->tenant == tenant && memcmp(it->id, id, UUID_BYTES) == 0) {
			return it;
		}
	}
	struct claim_queue *queue = claims->spare;
	if (queue != NULL) {
		claims->spare = queue->next;
	} else {
		queue = must_calloc(1, sizeof(*queue));
	}
	queue->tenant = tenant;
	memcpy(queue->id, id, UUID_BYTES);
	list_init(&queue->keys);
	queue->next = *bucket;
	*bucket = queue;
	return queue;
}

static void put_aside(struct store_claims *claims, struct claim_queue *queue)
{
	struct claim_queue **it = bucket_of(claims, queue->id);

	while (*it != queue) {
		it = &(*it)->next;
	}
	*it = queue->next;
	queue->next = claims->spare;
	claims->spare = queue;
}

static struct store_claim_key *first_key(struct claim_queue *queue)
{
	return list_is_empty(&queue->keys)
		       ? NULL
		       : LIST_ITEM(queue->keys.head.next, struct store_claim_key, node);
}

static bool is_last_in(const struct claim_queue *queue, const struct store_claim *claim)
{
	if (list_is_empty(&queue->keys)) {
		return false;
	}
	return LIST_ITEM(queue->keys.head.previous, struct store_claim_key, node)->claim == claim;
}

static void enter_keys(struct store_claims *claims, struct store_claim *claim)
{
	for (size_t i = 0; i < claim->count; i++) {
		struct store_claim_key *key = &claim->keys[i];
		struct claim_queue *queue = queue_of(claims, claim->in, key->id);

		key->claim = claim;
		key->queue = NULL;
		if (is_last_in(queue, claim)) {
			continue; /* named twice: it stands in the queue already */
		}
		key->queue = queue;
		claim->blocked += list_is_empty(&queue->keys) ? 0 : 1;
		list_push(&queue->keys, &key->node);
	}
}

static void enter_tenant(struct store_claim *claim)
{
	struct claim_tenant *tenant = claim->in;
	bool is_free = list_is_empty(&tenant->claims);

	if (!is_free && !claim->whole_tenant) {
		/* Those who passed stand in front, without a whole-tenant claim among them. */
		struct store_claim *last =
			LIST_ITEM(tenant->claims.head.previous, struct store_claim, node);
		is_free = last->passed_tenant && !last->whole_tenant;
	}
	claim->passed_tenant = is_free;
	claim->blocked += is_free ? 0 : 1;
	tenant->waiting += is_free ? 0 : 1;
	list_push(&tenant->claims, &claim->node);
}

/* ---- granting ---- */

static void on_granted(void *user)
{
	struct store_claim *claim = user;

	loop_timer_fini(&claim->timer);
	claim->fn(claim->user, true);
}

/* The timer is stopped in on_granted(): timers belong to their loop. */
static void unblock(struct store_claim *claim)
{
	assert(claim->blocked > 0 && claim->state == CLAIM_WAITS);
	if (--claim->blocked == 0) {
		claim->state = CLAIM_GRANTED;
		loop_post(claim->loop, on_granted, claim);
	}
}

static void leave_keys(struct store_claims *claims, struct store_claim *claim)
{
	for (size_t i = 0; i < claim->count; i++) {
		struct store_claim_key *key = &claim->keys[i];
		struct claim_queue *queue = key->queue;

		if (queue == NULL) {
			continue;
		}
		bool was_first = first_key(queue) == key;
		list_remove(&key->node);
		struct store_claim_key *next = first_key(queue);
		if (next == NULL) {
			put_aside(claims, queue);
		} else if (was_first) {
			unblock(next->claim);
		}
	}
}

/* Lets pass who now has no whole-tenant claim before him; a whole-tenant claim when it is first. */
static void leave_tenant(struct store_claim *claim)
{
	struct claim_tenant *tenant = claim->in;
	struct list_node *node;

	list_remove(&claim->node);
	tenant->waiting -= claim->passed_tenant ? 0 : 1;
	node = tenant->claims.head.next;
	while (tenant->waiting > 0 && node != &tenant->claims.head) {
		struct store_claim *it = LIST_ITEM(node, struct store_claim, node);
		bool is_first = node == tenant->claims.head.next;

		if (it->whole_tenant && !is_first) {
			return;
		}
		if (!it->passed_tenant) {
			it->passed_tenant = true;
			tenant->waiting--;
			unblock(it);
		}
		if (it->whole_tenant) {
			return;
		}
		node = node->next;
	}
}

static void leave(struct store_claims *claims, struct store_claim *claim)
{
	leave_keys(claims, claim);
	leave_tenant(claim);
	claim->state = CLAIM_FREE;
	claims->count--;
}

/* ---- the door ---- */

static void on_timeout(void *user)
{
	struct store_claim *claim = user;
	struct store_claims *claims = claim->claims;

	pthread_mutex_lock(&claims->mutex);
	bool is_late = claim->state == CLAIM_GRANTED; /* its post is under way */
	if (!is_late) {
		leave(claims, claim);
	}
	pthread_mutex_unlock(&claims->mutex);
	if (!is_late) {
		loop_timer_fini(&claim->timer);
		claim->fn(claim->user, false);
	}
}

bool store_claim(struct store_claims *claims, struct store_claim *claim, struct loop *loop,
	int timeout_ms, store_claim_fn *fn, void *user)
{
	assert(claim->state == CLAIM_FREE && claim->count <= STORE_CLAIM_KEYS);
	claim->claims = claims;
	claim->loop = loop;
	claim->fn = fn;
	claim->user = user;
	claim->blocked = 0;
	claim->count = claim->whole_tenant ? 0 : claim->count;
	pthread_mutex_lock(&claims->mutex);
	claim->in = tenant_of(claims, claim->tenant);
	enter_tenant(claim);
	enter_keys(claims, claim);
	claims->count++;
	bool is_granted = claim->blocked == 0;
	claim->state = is_granted ? CLAIM_GRANTED : CLAIM_WAITS;
	if (!is_granted) {
		/* Before the mutex is free: a grant may be posted at once, and its callback stops
		 * the timer. */
		loop_timer_init(&claim->timer, loop, on_timeout, claim);
		loop_timer_start(&claim->timer, timeout_ms);
	}
	pthread_mutex_unlock(&claims->mutex);
	return is_granted;
}

void store_claim_release(struct store_claim *claim)
{
	struct store_claims *claims = claim->claims;

	if (claims == NULL || claim->state == CLAIM_FREE) {
		return;
	}
	pthread_mutex_lock(&claims->mutex);
	assert(claim->state == CLAIM_GRANTED); /* ours: one that waits ends by its callback */
	leave(claims, claim);
	pthread_mutex_unlock(&claims->mutex);
}

size_t store_claims_count(struct store_claims *claims)
{
	pthread_mutex_lock(&claims->mutex);
	size_t count = claims->count;
	pthread_mutex_unlock(&claims->mutex);
	return count;
}
