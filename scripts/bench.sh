#!/usr/bin/env bash
# Builds the release binary and benchmarks/, and times the workloads named (all by default).
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --product xling >&2
swift build -c release --package-path benchmarks --product xling-bench >&2
load=$(cut -d ' ' -f 1 /proc/loadavg)
echo "commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores, load $load"
exec benchmarks/.build/release/xling-bench .build/release/xling "$@"
