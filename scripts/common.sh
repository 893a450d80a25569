# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: where the project is, and what building has in common.
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$project"
export PYTHONDONTWRITEBYTECODE=1

# configure PRESET [CMake's -D...]: with ccache where there is one.
configure() {
  local preset=$1 launcher=()
  shift
  if command -v ccache >/dev/null; then
    export CCACHE_DIR=${CCACHE_DIR-$project/build/ccache}
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  cmake --preset "$preset" "${launcher[@]}" "$@"
}

# refuse WORDS...: ends the script for wrong usage.
refuse() {
  echo "${0##*/}: $*" >&2
  exit 2
}

# needs_value "$@": for an option that stands first.
needs_value() {
  (($# >= 2)) || refuse "$1 needs a value"
}

needs_number() {
  needs_value "$@"
  [[ $2 =~ ^[0-9]+$ ]] || refuse "$1 takes a number, not $2"
}
