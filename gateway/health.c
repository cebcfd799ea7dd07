#include "gateway/health.h"

#include "base/buf.h"
#include "base/clock.h"
#include "gateway/gateway.h"
#include "gateway/policy_remote.h"
#include "gateway/snapshot.h"
#include "journal/publisher.h"
#include "store/store.h"

/* The promise is one second; a minute says that something is really wrong. */
#define PUBLISH_LATE_US 60000000LL

static bool journal_is_well(const struct gateway *gateway)
{
	struct journal_publisher_status status;
	int64_t now_us = clock_now_us();
	int64_t since_us;

	journal_publisher_status(gateway->publisher, &status);
	since_us = status.published_at_us > 0 ? status.published_at_us : gateway->started_us;
	return !status.failing ||
	       (status.published >= status.seen || now_us - since_us < PUBLISH_LATE_US);
}

static bool print_check(struct buf *buf, const char *name, bool ok, const char *problem)
{
	buf_printf(
		buf, "%s %s%s%s\n", ok ? "ok  " : "fail", name, ok ? "" : ": ", ok ? "" : problem);
	return ok;
}

bool health_print(const struct gateway *gateway, const struct snapshot *snapshot, struct buf *buf)
{
	struct store_stats stats;
	bool ok;

	store_stats(gateway->store, &stats);
	ok = print_check(buf, "store", stats.healthy, "the last transaction could not be written");
	ok &= print_check(buf, "journal", journal_is_well(gateway),
		"no checkpoint could be published for a minute");
	ok &= gateway->remote != NULL
		      ? print_check(buf, "policy", policy_remote_is_well(gateway->remote),
				"the OPA server does not answer; see `scimward policy status`")
		      : print_check(buf, "policy", snapshot->policy != NULL, "none is loaded");
	ok &= print_check(buf, "running", !__atomic_load_n(&gateway->stopping, __ATOMIC_RELAXED),
		"it is stopping");
	return ok;
}
