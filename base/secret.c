#include "base/secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include "base/memory.h"

struct secret {
	size_t size;
	char text[]; /* NUL-terminated */
};

struct secret *secret_new(const char *text, size_t size)
{
	struct secret *secret = must_malloc(sizeof(*secret) + size + 1);

	secret->size = size;
	if (size != 0) {
		memcpy(secret->text, text, size);
	}
	secret->text[size] = '\0';
	return secret;
}

void secret_free(struct secret *secret)
{
	if (secret == NULL) {
		return;
	}
	secret_wipe(secret->text, secret->size);
	memory_free(secret);
}

bool secret_equals(const struct secret *a, const char *text, size_t size)
{
	return a->size == size && CRYPTO_memcmp(a->text, text, size) == 0;
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->text;
}

void secret_wipe(void *memory, size_t size)
{
	OPENSSL_cleanse(memory, size);
}
