# SPDX-License-Identifier: ISC
# What `cmake --install` puts where; `cmake --build build --target uninstall` takes it away again.
set(GODWIT_UNIT_DIR "lib/systemd/user" CACHE STRING "Where systemd's user units go")
set(doc_dir ${CMAKE_INSTALL_DATAROOTDIR}/doc/godwit)

install(TARGETS godwit_program DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES contrib/systemd/godwit.service contrib/systemd/godwit-sync@.service contrib/systemd/godwit-sync@.timer
	DESTINATION ${GODWIT_UNIT_DIR})
install(FILES README.md LICENSE NEWS.md contrib/config.example docs/architecture.md docs/design.md docs/performance.md
	docs/security.md docs/switching.md docs/status-bars.md docs/json.schema.json
	DESTINATION ${doc_dir})
install(FILES contrib/completions/godwit.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME godwit)
install(FILES contrib/completions/_godwit DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES contrib/completions/godwit.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(PROGRAMS contrib/hooks/new-mail contrib/hooks/notmuch-pre-new DESTINATION ${doc_dir}/hooks)
configure_file(cmake/uninstall.cmake.in ${PROJECT_BINARY_DIR}/uninstall.cmake @ONLY)
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -P ${PROJECT_BINARY_DIR}/uninstall.cmake)

# What was found, for whoever builds it.
include(FeatureSummary)
if(NOTMUCH_INCLUDE_DIR)
	set(GODWIT_HAS_NOTMUCH ON)
endif()
if(SCDOC)
	set(GODWIT_HAS_MANUAL ON)
endif()
add_feature_info(notmuch GODWIT_HAS_NOTMUCH "Gmail's labels as notmuch's tags (libnotmuch-dev)")
add_feature_info(manual GODWIT_HAS_MANUAL "manual pages (scdoc)")
add_feature_info(tests GODWIT_TESTS "unit and integration tests (libcmocka-dev)")
feature_summary(WHAT ENABLED_FEATURES DISABLED_FEATURES)
message(STATUS "BoringSSL: ${BoringSSL_SSL_LIBRARY}")

set(CPACK_PACKAGE_CONTACT "godwit maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR TGZ)
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_IGNORE_FILES "/\\\\.git/;/build[^/]*/")
set(CPACK_STRIP_FILES ON)
include(CPack)
