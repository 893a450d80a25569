// SPDX-License-Identifier: Apache-2.0
#include "app.h"
#include "sterna/net/loop.h"

int main(int argc, char** argv) {
  sterna::net::prepare_process();
  return sterna::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
