# SPDX-License-Identifier: ISC
# The manual pages are written in scdoc; without it they are simply not built.
find_program(SCDOC scdoc)
file(GLOB _sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.scd)
if(SCDOC)
	foreach(source ${_sources})
		get_filename_component(page ${source} NAME_WLE)
		string(REGEX REPLACE ".*\\." "" section ${page})
		add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/${page}
			COMMAND ${PROJECT_SOURCE_DIR}/cmake/manual.sh ${SCDOC} < ${source} > ${PROJECT_BINARY_DIR}/${page}
			DEPENDS ${source} ${PROJECT_SOURCE_DIR}/cmake/manual.sh)
		list(APPEND _pages ${PROJECT_BINARY_DIR}/${page})
		install(FILES ${PROJECT_BINARY_DIR}/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
	endforeach()
	add_custom_target(manual ALL DEPENDS ${_pages})
endif()
