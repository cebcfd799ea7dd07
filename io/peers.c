#include "io/peers.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include "base/encode.h"
#include "base/memory.h"

/*
 * A hash table of chains. An address is forgotten when it has no connection and its
 * bucket is full again: then it is like one that was never seen. So the table is bounded by the
 * connections there are and by the handshakes of the last seconds.
 */

#define CHAINS 1024
#define SECOND_US 1000000

struct peer {
	struct peer *next;
	uint8_t key[ADDRESS_KEY_BYTES];
	unsigned connections;
	int64_t tokens_us; /* microseconds of refill that are saved up */
	int64_t seen_us;
};

struct peers {
	pthread_mutex_t lock;
	unsigned limit;
	int64_t price_us; /* of one handshake */
	int64_t full_us;
	uint64_t seed; /* so that nobody can aim at one chain */
	unsigned count;
	struct peer *chains[CHAINS];
};

struct peers *peers_new(unsigned connections, unsigned handshakes_per_second)
{
	struct peers *peers = must_calloc(1, sizeof(*peers));

	pthread_mutex_init(&peers->lock, NULL);
	peers->limit = connections;
	peers->price_us = SECOND_US / (handshakes_per_second > 0 ? handshakes_per_second : 1);
	peers->full_us = peers->price_us * connections;
	random_bytes(&peers->seed, sizeof(peers->seed));
	return peers;
}

void peers_free(struct peers *peers)
{
	if (peers == NULL) {
		return;
	}
	for (unsigned i = 0; i < CHAINS; i++) {
		for (struct peer *peer = peers->chains[i]; peer != NULL;) {
			struct peer *next = peer->next;
			memory_free(peer);
			peer = next;
		}
	}
	pthread_mutex_destroy(&peers->lock);
	memory_free(peers);
}

static struct peer **chain_of(struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES])
{
	uint64_t halves[2];

	memcpy(halves, key, sizeof(halves));
	/* The finisher of splitmix64, over both halves; the seed is secret. */
	uint64_t hash = halves[0] ^ peers->seed;

	for (int i = 0; i < 2; i++) {
		hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
		hash ^= hash >> 31 ^ (i == 0 ? halves[1] : 0);
	}
	return &peers->chains[hash % CHAINS];
}

static void refill(const struct peers *peers, struct peer *peer, int64_t now_us)
{
	peer->tokens_us += now_us - peer->seen_us;
	peer->seen_us = now_us;
	if (peer->tokens_us > peers->full_us) {
		peer->tokens_us = peers->full_us;
	}
}

/* Finds the peer of `key` and forgets those of its chain that are worth nothing. */
static struct peer *find(struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES], int64_t now_us)
{
	struct peer *found = NULL;

	for (struct peer **link = chain_of(peers, key); *link != NULL;) {
		struct peer *peer = *link;
		refill(peers, peer, now_us);
		if (memcmp(peer->key, key, ADDRESS_KEY_BYTES) == 0) {
			found = peer;
		} else if (peer->connections == 0 && peer->tokens_us == peers->full_us) {
			*link = peer->next;
			memory_free(peer);
			peers->count--;
			continue;
		}
		link = &peer->next;
	}
	return found;
}

static struct peer *add(struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES], int64_t now_us)
{
	struct peer *peer = must_calloc(1, sizeof(*peer));
	struct peer **chain = chain_of(peers, key);

	memcpy(peer->key, key, ADDRESS_KEY_BYTES);
	peer->tokens_us = peers->full_us;
	peer->seen_us = now_us;
	peer->next = *chain;
	*chain = peer;
	peers->count++;
	return peer;
}

bool peers_enter(
	struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES], bool handshake, int64_t now_us)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = find(peers, key, now_us);

	if (peer == NULL) {
		peer = add(peers, key, now_us);
	}
	bool admitted = peer->connections < peers->limit &&
			(!handshake || peer->tokens_us >= peers->price_us);

	if (admitted) {
		peer->connections++;
		peer->tokens_us -= handshake ? peers->price_us : 0;
	}
	pthread_mutex_unlock(&peers->lock);
	return admitted;
}

void peers_leave(struct peers *peers, const uint8_t key[ADDRESS_KEY_BYTES], int64_t now_us)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = find(peers, key, now_us);

	assert(peer != NULL && peer->connections > 0); /* ours: it was counted */
	peer->connections--;
	pthread_mutex_unlock(&peers->lock);
}

unsigned peers_count(struct peers *peers)
{
	pthread_mutex_lock(&peers->lock);
	unsigned count = peers->count;
	pthread_mutex_unlock(&peers->lock);
	return count;
}
