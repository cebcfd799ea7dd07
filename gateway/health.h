/*
 * health: is the gateway able to take writes? (facts: operations.md, 6)
 */
#pragma once

#include <stdbool.h>

struct buf;
struct gateway;
struct snapshot;

/*
 * A line per check: store, journal, policy, stopping. True: ready. An app that is down does not
 * make the gateway unready: its deliveries wait. Any thread.
 */
bool health_print(const struct gateway *gateway, const struct snapshot *snapshot, struct buf *buf);
