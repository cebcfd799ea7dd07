/*
 * OpenSSL 3 looks an algorithm up in its providers at each use unless it was
 * fetched before, and a new context costs more than hashing a short text. So
 * both algorithms are fetched once and each thread keeps its contexts.
 */
#include "base/digest.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include "base/memory.h"

static EVP_MD *sha256;
static EVP_MAC *hmac;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;

struct contexts {
	EVP_MD_CTX *sha256;
	EVP_MAC_CTX *hmac;
};
static __thread struct contexts *of_thread;

struct digest {
	EVP_MD_CTX *context;
};

/* A call of OpenSSL that fails only when memory ran out or the library is broken. */
static void must(int ok)
{
	if (ok != 1) {
		abort();
	}
}

static void free_contexts(void *memory)
{
	struct contexts *it = memory;

	EVP_MD_CTX_free(it->sha256);
	EVP_MAC_CTX_free(it->hmac);
	memory_free(it);
	of_thread = NULL;
}

static void free_algorithms(void)
{
	if (of_thread != NULL) { /* the main thread's destructor does not run */
		free_contexts(of_thread);
		pthread_setspecific(thread_key, NULL);
	}
	EVP_MD_free(sha256);
	EVP_MAC_free(hmac);
	sha256 = NULL;
	hmac = NULL;
}

static void fetch_algorithms(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	must(sha256 != NULL && hmac != NULL);
	must(pthread_key_create(&thread_key, free_contexts) == 0);
	atexit(free_algorithms);
}

static struct contexts *get_contexts(void)
{
	if (of_thread == NULL) {
		pthread_once(&once, fetch_algorithms);
		of_thread = must_calloc(1, sizeof(*of_thread));
		of_thread->sha256 = EVP_MD_CTX_new();
		of_thread->hmac = EVP_MAC_CTX_new(hmac);
		must(of_thread->sha256 != NULL && of_thread->hmac != NULL);
		pthread_setspecific(thread_key, of_thread);
	}
	return of_thread;
}

void digest_sha256_two(
	const void *a, size_t a_size, const void *b, size_t b_size, uint8_t digest[DIGEST_BYTES])
{
	EVP_MD_CTX *context = get_contexts()->sha256;

	must(EVP_DigestInit_ex2(context, sha256, NULL));
	must(EVP_DigestUpdate(context, a, a_size));
	if (b_size != 0) {
		must(EVP_DigestUpdate(context, b, b_size));
	}
	must(EVP_DigestFinal_ex(context, digest, NULL));
}

void digest_sha256(const void *bytes, size_t size, uint8_t digest[DIGEST_BYTES])
{
	digest_sha256_two(bytes, size, NULL, 0, digest);
}

void digest_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
	uint8_t digest[DIGEST_BYTES])
{
	EVP_MAC_CTX *context = get_contexts()->hmac;
	char name[] = "SHA256";
	OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(
					    OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end() };
	size_t written;

	must(EVP_MAC_init(context, key, key_size, parameters));
	must(EVP_MAC_update(context, bytes, size));
	must(EVP_MAC_final(context, digest, &written, DIGEST_BYTES));
	assert(written == DIGEST_BYTES);
}

struct digest *digest_new(void)
{
	struct digest *digest = must_calloc(1, sizeof(*digest));

	pthread_once(&once, fetch_algorithms);
	digest->context = EVP_MD_CTX_new();
	must(digest->context != NULL);
	must(EVP_DigestInit_ex2(digest->context, sha256, NULL));
	return digest;
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
	if (size != 0) {
		must(EVP_DigestUpdate(digest->context, bytes, size));
	}
}

void digest_finish(struct digest *digest, uint8_t result[DIGEST_BYTES])
{
	must(EVP_DigestFinal_ex(digest->context, result, NULL));
	must(EVP_DigestInit_ex2(digest->context, NULL, NULL));
}

void digest_free(struct digest *digest)
{
	if (digest == NULL) {
		return;
	}
	EVP_MD_CTX_free(digest->context);
	memory_free(digest);
}
