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
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  cmake --preset "$preset" "${launcher[@]}" "$@"
}
