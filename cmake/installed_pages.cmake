# SPDX-License-Identifier: Apache-2.0
# Run by an installation. A link into the tree leads nowhere from an installed page: its text stays,
# which says what is meant.
set(into_tree "(\\.\\./)?(src|include|tests|scripts|cmake|systemd)/?[^()]*")
set(about_tree "(docs/)?(decisions/[^()]*|(architecture|testing|faults|hacking)\\.md[^()]*)")
if(NOT IS_ABSOLUTE "${pages}")
  set(pages "${CMAKE_INSTALL_PREFIX}/${pages}")
endif()
file(GLOB found "$ENV{DESTDIR}${pages}/*.md" "$ENV{DESTDIR}${pages}/docs/*.md")
foreach(page IN LISTS found)
  file(READ "${page}" text)
  string(REGEX REPLACE "\\[([^][]*)\\]\\((${into_tree}|${about_tree})\\)" "\\1" text "${text}")
  file(WRITE "${page}" "${text}")
endforeach()
