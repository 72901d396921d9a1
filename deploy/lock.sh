#!/bin/sh
# Writes requirements.lock and build.lock anew: exact versions with hashes, for every platform and Python from 3.11 on,
# and no address of an index. Needs uv; the packages are asked of whatever index the machine is set up with.
set -eu
cd "$(dirname "$0")/.."

lock() { # lock FILE WHAT ARGUMENT… – keeps the versions that are there unless --upgrade is given
  file=deploy/$1 what=$2
  shift 2
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate --output-file "$file" "$@"
  {
    echo "# $what Made by deploy/lock.sh."
    echo "# Installed with: pip install --require-hashes --only-binary=:all: -r $file"
    cat "$file"
  } >"$file.new"
  mv "$file.new" "$file"
}

lock requirements.lock "What the program needs, with every extra but cluster." --extra apprise --extra mcp --extra parquet --extra png "$@" pyproject.toml
echo "hatchling>=1.27" | lock build.lock "What its wheel is built with." "$@" -
