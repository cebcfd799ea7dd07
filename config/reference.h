/*
 * Texts made of the table of keys: docs/config.md and examples/scimward.yaml. `./run test` holds
 * the files against it.
 */
#pragma once

struct buf;

void config_reference_markdown(struct buf *buf);
void config_reference_example(struct buf *buf);
