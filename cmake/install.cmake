# SPDX-License-Identifier: Apache-2.0
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/LICENSE"
  "${PROJECT_SOURCE_DIR}/NOTICE" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT doc)
# The pages for users; those about the tree are of use beside it only.
foreach(page configuration control daemon imap metrics migrating oauth safety scripting security
    start storage)
  install(FILES "${PROJECT_SOURCE_DIR}/docs/${page}.md"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs" COMPONENT doc)
endforeach()
install(CODE "set(pages \"${CMAKE_INSTALL_DOCDIR}\")" COMPONENT doc)
install(SCRIPT "${PROJECT_SOURCE_DIR}/cmake/installed_pages.cmake" COMPONENT doc)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sterna)
set(CPACK_PACKAGE_CONTACT "The Sterna authors <sterna@localhost>")
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What is loaded by name; linked libraries are found.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4, libexpat1, libidn12, libpsl5")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
include(CPack)

install(FILES "${PROJECT_SOURCE_DIR}/docs/man/sterna.1"
  DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${PROJECT_SOURCE_DIR}/docs/man/sterna.toml.5"
  DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
