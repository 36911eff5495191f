# The manual pages are written in scdoc; without it they are simply not built.  Its .nh comes before .TH, behind which groff
# hyphenates again; but a key that is broken by a hyphen is another key.
find_program(SCDOC scdoc)
if(SCDOC)
	foreach(page godwit.1 godwit.5)
		add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/${page}
			COMMAND sh -c "${SCDOC} < ${PROJECT_SOURCE_DIR}/docs/${page}.scd | sed '/^\\.TH /a .nh' > ${PROJECT_BINARY_DIR}/${page}"
			DEPENDS ${PROJECT_SOURCE_DIR}/docs/${page}.scd VERBATIM)
		list(APPEND _pages ${PROJECT_BINARY_DIR}/${page})
	endforeach()
	add_custom_target(manual ALL DEPENDS ${_pages})
	install(FILES ${PROJECT_BINARY_DIR}/godwit.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
	install(FILES ${PROJECT_BINARY_DIR}/godwit.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
endif()
