# SPDX-License-Identifier: Apache-2.0
# Debian's packages; nothing is downloaded during a build.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(libidn REQUIRED IMPORTED_TARGET libidn>=1.40)
pkg_check_modules(tomlplusplus REQUIRED tomlplusplus>=3.3)
