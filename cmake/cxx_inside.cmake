# SPDX-License-Identifier: Apache-2.0
include(CheckCXXSourceCompiles)

set(STERNA_STATIC_CXX -static-libstdc++ -static-libgcc -Wl,--as-needed)
set(CMAKE_REQUIRED_LINK_OPTIONS ${STERNA_STATIC_CXX})
check_cxx_source_compiles("
  #include <string>
  int main(int count, char** words) { return std::string(words[count - 1]).empty(); }"
  STERNA_HAS_STATIC_CXX)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

# sterna_cxx_inside(PROGRAM FMT_SOURCE)
#   With STERNA_CXX_INSIDE, libstdc++ and fmt go into the program, and the dynamic linker has far
#   fewer names to look up at each start. Both or none, for fmt's own library would bring the other
#   with it; FMT_SOURCE has the parts of fmt 9.
function(sterna_cxx_inside program fmt_source)
  if(NOT STERNA_CXX_INSIDE OR NOT STERNA_HAS_STATIC_CXX OR STERNA_SANITIZE)
    return()
  endif()
  if(fmt_VERSION VERSION_GREATER_EQUAL 9 AND fmt_VERSION VERSION_LESS 10)
    target_sources(${program} PRIVATE ${fmt_source})
    target_link_options(${program} PRIVATE ${STERNA_STATIC_CXX})
  endif()
endfunction()
