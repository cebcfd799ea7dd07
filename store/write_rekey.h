/*
 * What commit->rekeys writes: the keys of resources, and nothing else of them. Internal to store/.
 */
#pragma once

#include "store/writer.h"

enum writer_result write_rekeys(struct operation *op);
