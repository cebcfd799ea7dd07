/*
 * Memberships of one operation, and the counts that follow from them. Internal to store/.
 */
#pragma once

#include "store/writer.h"

/* Are those to be added live people of the group's tenant? Remembers in op->flags who is active. */
enum writer_result write_members_check(struct operation *op);
/* Adds and removes, and brings the group's counts up to date. */
void write_members(struct operation *op);

/* A User was switched on (+1) or off (-1): the active counts of his groups follow. */
void write_members_switch(struct operation *op, int by);
/* A User goes: his groups count one less and have a new version. */
void write_members_leave(struct operation *op, bool was_active);
/* A Group goes: nobody is in it any more. */
void write_members_disband(struct operation *op);
