#!/bin/sh
# Prints what //sysbox:git_commit embeds. A tree without .git is fine.
commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
[ -e .git ] || commit=unknown
echo "STABLE_GIT_COMMIT ${commit}"
