#!/bin/sh
# Makes docs/config.md and examples/scimward.yaml again after a change of config/keys.c.
set -eu

cd -- "$(dirname -- "$0")/.."
build/cli/scimward config reference >docs/config.md
build/cli/scimward config reference --example >examples/scimward.yaml
