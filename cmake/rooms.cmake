# SPDX-License-Identifier: Apache-2.0
# sterna_precompile(TARGET header ...): with STERNA_PCH, the standard headers and those.
function(sterna_precompile target)
  if(STERNA_PCH)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <chrono> <coroutine> <expected> <functional> <map> <memory> <optional> <ranges>
      <set> <span> <string> <string_view> <unordered_map> <variant> <vector> <fmt/format.h> ${ARGN})
  endif()
endfunction()

# What every message goes through. A build for tests has no use for optimization of the others,
# which takes most of its time; under sanitizers of account neither, which is the largest.
set(STERNA_BUSY_ROOMS base coro imap io maildir model net store sync)
if(NOT STERNA_SANITIZE)
  list(APPEND STERNA_BUSY_ROOMS account)
endif()
# What reads the octets of others: with STERNA_FUZZ they tell libFuzzer where they have been.
set(STERNA_FUZZED_ROOMS base config discover imap importer io maildir model oauth)

# sterna_room(NAME SOURCES a.cc ... ROOMS base ... LIBRARIES fmt::fmt ... PRECOMPILED <a.h> ...)
#   A room: one static library sterna::NAME over src/NAME. ROOMS are the rooms that it may enter.
#   PRECOMPILED are headers that most of its files include.
function(sterna_room name)
  cmake_parse_arguments(arg "" "" "SOURCES;ROOMS;LIBRARIES;PRECOMPILED" ${ARGN})
  if(arg_SOURCES)
    add_library(sterna_${name} STATIC ${arg_SOURCES})
    set(kind PUBLIC)
  else()
    add_library(sterna_${name} INTERFACE)
    set(kind INTERFACE)
  endif()
  if(arg_SOURCES)
    if(STERNA_FUZZ AND name IN_LIST STERNA_FUZZED_ROOMS)
      target_compile_options(sterna_${name} PRIVATE -fsanitize=fuzzer-no-link)
    elseif(NOT name IN_LIST STERNA_BUSY_ROOMS)
      target_compile_options(sterna_${name} PRIVATE ${STERNA_UNOPTIMIZED})
    endif()
    list(LENGTH arg_SOURCES files)
    if(NOT STERNA_UNITY OR files GREATER 16)  # else it takes longer than it saves
      sterna_precompile(sterna_${name} ${arg_PRECOMPILED})
    endif()
    set_target_properties(sterna_${name} PROPERTIES UNITY_BUILD ${STERNA_UNITY})
  endif()
  add_library(sterna::${name} ALIAS sterna_${name})
  target_link_libraries(sterna_${name} ${kind} sterna::options)
  foreach(room IN LISTS arg_ROOMS)
    target_link_libraries(sterna_${name} ${kind} sterna::${room})
  endforeach()
  if(arg_LIBRARIES)
    if(arg_SOURCES)
      target_link_libraries(sterna_${name} PRIVATE ${arg_LIBRARIES})
    else()
      target_link_libraries(sterna_${name} INTERFACE ${arg_LIBRARIES})
    endif()
  endif()
endfunction()

# sterna_add_tests(TARGET PREFIX LABEL SHARDS): each TEST of TARGET is a test of ctest; with
#   STERNA_SHARDS, so many tests take a share of them each, since a start takes longer than a TEST.
function(sterna_add_tests target prefix label shards)
  if(NOT STERNA_SHARDS)
    gtest_discover_tests(${target} TEST_PREFIX "${prefix}." DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS ${label} TIMEOUT 300)
    return()
  endif()
  math(EXPR last "${shards} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${prefix}.shard_${shard} COMMAND ${target})
    set_tests_properties(${prefix}.shard_${shard} PROPERTIES LABELS ${label} TIMEOUT 600
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# sterna_test(ROOM [OPTIMIZED] SOURCES a_test.cc ... [ROOMS more rooms ...] [LIBRARIES ...])
#   One GoogleTest program a room: sterna_ROOM_test; label unit. What
#   a test does takes no time that matters, and half of the build is tests: OPTIMIZED are those
#   that calculate.
function(sterna_test room)
  cmake_parse_arguments(arg "OPTIMIZED" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  set(target sterna_${room}_test)
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src")
  if(TARGET sterna::${room})
    target_link_libraries(${target} PRIVATE sterna::${room})
  endif()
  foreach(other IN LISTS arg_ROOMS)
    target_link_libraries(${target} PRIVATE sterna::${other})
  endforeach()
  target_link_libraries(${target} PRIVATE
    sterna::options GTest::gmock GTest::gtest_main fmt::fmt ${arg_LIBRARIES})
  if(arg_OPTIMIZED)
    sterna_precompile(${target} <gtest/gtest.h> <gmock/gmock.h>)
  else()
    target_compile_options(${target} PRIVATE ${STERNA_UNOPTIMIZED})
    if(STERNA_PCH)
      target_precompile_headers(${target} REUSE_FROM sterna_test_support)
    endif()
  endif()
  sterna_add_tests(${target} ${room} unit 4)
endfunction()

# sterna_fuzz(NAME SOURCES x_fuzz.cc ROOMS ... [LIBRARIES ...]): a libFuzzer target where
#   STERNA_FUZZ is on, else a program that does as much of it as the ordinary test asks for: each
#   file of tests/fuzz/corpus/NAME goes through it once.
function(sterna_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  set(target sterna_${name}_fuzz)
  add_executable(${target} ${arg_SOURCES})
  foreach(room IN LISTS arg_ROOMS)
    target_link_libraries(${target} PRIVATE sterna::${room})
  endforeach()
  target_link_libraries(${target} PRIVATE sterna::options ${arg_LIBRARIES})
  set(corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}")
  if(STERNA_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${name}.corpus COMMAND ${target} -runs=0 "${corpus}")
  else()
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc")
    add_test(NAME fuzz.${name}.corpus COMMAND ${target} "${corpus}")
  endif()
  set_tests_properties(fuzz.${name}.corpus PROPERTIES LABELS "fuzz-regression" TIMEOUT 120)
endfunction()
