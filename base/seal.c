#include "base/seal.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>

static EVP_CIPHER *cipher;

static void fetch_once(void)
{
	cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
	assert(cipher != NULL); /* part of the default provider of OpenSSL 3 */
}

static EVP_CIPHER_CTX *start(
	const uint8_t *key, const void *context, size_t context_size, bool encrypts)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int size = 0;

	pthread_once(&once, fetch_once);
	assert(ctx != NULL && context_size > 0 && context_size < INT_MAX);
	int ok = EVP_CipherInit_ex(ctx, cipher, NULL, key, NULL, encrypts) &&
		 EVP_CipherUpdate(ctx, NULL, &size, context, (int)context_size);
	assert(ok == 1);
	return ctx;
}

/* The tag goes first: where a reader expects what tells him whether to go on. */
void seal_close(const uint8_t key[SEAL_KEY_BYTES], const void *context, size_t context_size,
	const void *text, size_t size, uint8_t *sealed)
{
	EVP_CIPHER_CTX *ctx = start(key, context, context_size, true);
	uint8_t *body = sealed + SEAL_EXTRA_BYTES;
	int done = 0;

	assert(size > 0 && size < INT_MAX);
	int ok = EVP_CipherUpdate(ctx, body, &done, text, (int)size) &&
		 EVP_CipherFinal_ex(ctx, body + done, &done) &&
		 EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_EXTRA_BYTES, sealed);
	assert(ok == 1);
	EVP_CIPHER_CTX_free(ctx);
}

bool seal_open(const uint8_t key[SEAL_KEY_BYTES], const void *context, size_t context_size,
	const uint8_t *sealed, size_t size, uint8_t *text)
{
	uint8_t tag[SEAL_EXTRA_BYTES];
	int done = 0;

	if (size <= SEAL_EXTRA_BYTES || size >= INT_MAX) {
		return false;
	}
	for (size_t i = 0; i < sizeof(tag); i++) {
		tag[i] = sealed[i]; /* the interface takes no const */
	}
	EVP_CIPHER_CTX *ctx = start(key, context, context_size, false);
	bool ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1 &&
		  EVP_CipherUpdate(ctx, text, &done, sealed + SEAL_EXTRA_BYTES,
			  (int)(size - SEAL_EXTRA_BYTES)) == 1 &&
		  EVP_CipherFinal_ex(ctx, text + done, &done) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}
