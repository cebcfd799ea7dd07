/*
 * group: a Group in an app. Small ones are written whole; of large ones only what changed, in
 * requests that the app takes.
 */
#pragma once

struct connector_answer;
struct delivery;
struct value;

/* More members than this are not sent in one body. */
enum { GROUP_WHOLE = 500 };

/* The form with its members, as far as GROUP_WHOLE allows: for a create. */
const struct value *group_form(struct delivery *delivery);

/* Brings the group at delivery->remote up to date; ends in delivery_group_answer(). */
void group_update(struct delivery *delivery);

/* delivery.c */
void delivery_group_answer(struct delivery *delivery, const struct connector_answer *answer);
