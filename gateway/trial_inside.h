/*
 * struct trial, for the files of gateway/trial*.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "config/config.h"
#include "gateway/trial.h"
#include "store/store.h"

struct gateway;
struct loop;
struct snapshot;

/* Each source twice: as it is, and as it puts in place what is given. */
enum { TRIAL_ALL_SOURCES = 2 * TRIAL_SOURCES, TRIAL_TOKEN_BYTES = 40 };
/* Tenants below are those of names: of apps, which nothing is delivered to. */
enum { TRIAL_FIRST_TENANT = 1000, TRIAL_WORLDS = STORE_TENANTS - TRIAL_FIRST_TENANT };

struct trial {
	struct config config; /* what the gateway sees; apps and limits may be somebody else's */
	struct config *defaults;
	struct gateway *gateway;
	struct loop *loop;
	struct snapshot *judging; /* the policy that is tried */
	struct snapshot *giving;  /* one that allows everything */
	struct config_source sources[TRIAL_ALL_SOURCES];
	char labels[TRIAL_ALL_SOURCES][16];
	const char *names[1]; /* of tenants: the world's */
	char folder[512];
	char path[544];
	int worlds; /* begun so far */
	int sources_used;
	uint64_t ids; /* counted so far */
	size_t open;  /* requests without their answer */
};

/* The store's number of the world's tenant. */
static inline int trial_tenant(const struct trial *trial)
{
	return TRIAL_FIRST_TENANT + trial->worlds;
}

/* What names a source here; nobody else can send it, there is no socket. */
void trial_token(size_t index, char token[TRIAL_TOKEN_BYTES]);
