/*
 * query_walk: goes through what can match, slice by slice (store/read.h), in the order of the list,
 * and keeps what a page needs.
 *
 *     part by part ▶ slice ▶ each row: does it match? ▶ a hit
 *                                        sorted in memory: ▶ batch ▶ merged into the best so far
 *
 * Pages by index count all that matches. Pages by cursor begin behind (or before) their place, end
 * with their last hit or when they have looked at enough, and know whether there is more.
 */
#pragma once

struct request;

/* Where the walk begins; once request->read says what is asked. */
void query_walk_start(struct request *request);
