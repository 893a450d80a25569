# SPDX-License-Identifier: Apache-2.0
# One interface target carries the language level, the warnings and the sanitizers.
add_library(sterna_options INTERFACE)
add_library(sterna::options ALIAS sterna_options)
target_compile_features(sterna_options INTERFACE cxx_std_23)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_include_directories(sterna_options INTERFACE "${PROJECT_SOURCE_DIR}/include")
target_compile_definitions(sterna_options INTERFACE _FILE_OFFSET_BITS=64 SPDLOG_FMT_EXTERNAL
  $<$<BOOL:${STERNA_STEPS}>:STERNA_STEPS>)
target_compile_options(sterna_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wnull-dereference
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${STERNA_WERROR}>:-Werror>)

set(STERNA_UNOPTIMIZED $<$<CONFIG:Debug>:-O0>)

find_program(STERNA_LLD NAMES ld.lld-19)
if(STERNA_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(sterna_options INTERFACE -fuse-ld=lld)
endif()

if(STERNA_SANITIZE)
  target_compile_options(sterna_options INTERFACE
    -fsanitize=${STERNA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sterna_options INTERFACE -fsanitize=${STERNA_SANITIZE})
endif()

if(STERNA_HARDEN)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  include(CheckPIESupported)
  check_pie_supported()
  target_compile_options(sterna_options INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
  # Where indirect jumps may land: the first one on x86, the second one on ARM.
  include(CheckCXXCompilerFlag)
  foreach(flag -fcf-protection=full -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "STERNA_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(sterna_options INTERFACE ${flag})
    endif()
  endforeach()
  target_compile_definitions(sterna_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(sterna_options INTERFACE -Wl,-z,relro,-z,now -pie)
endif()
