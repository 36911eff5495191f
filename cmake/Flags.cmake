# SPDX-License-Identifier: ISC
# One interface target carries the warnings, the hardening and the sanitizers of every target here.
include(CheckCCompilerFlag)
add_library(godwit_flags INTERFACE)
target_compile_definitions(godwit_flags INTERFACE _GNU_SOURCE)
target_compile_options(godwit_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wvla
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2
	-fno-strict-aliasing)
if(GODWIT_WERROR)
	target_compile_options(godwit_flags INTERFACE -Werror)
endif()

if(GODWIT_SANITIZE)
	target_compile_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE}
		-fno-sanitize-recover=all -fno-omit-frame-pointer -UNDEBUG) # with assertions
	target_link_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE})
	if(CMAKE_C_COMPILER_ID MATCHES "Clang") # a runtime inside the program would come before what tests preload
		execute_process(COMMAND ${CMAKE_C_COMPILER} -print-runtime-dir OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
		target_link_options(godwit_flags INTERFACE -shared-libasan -Wl,-rpath,${runtime})
	endif()
else()
	target_compile_options(godwit_flags INTERFACE -fstack-protector-strong)
	check_c_compiler_flag(-fstack-clash-protection HAVE_STACK_CLASH)
	check_c_compiler_flag(-fcf-protection HAVE_CF_PROTECTION)
	if(HAVE_STACK_CLASH)
		target_compile_options(godwit_flags INTERFACE -fstack-clash-protection)
	endif()
	if(HAVE_CF_PROTECTION)
		target_compile_options(godwit_flags INTERFACE -fcf-protection)
	endif()
	if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
		target_compile_options(godwit_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
	endif()
	target_link_options(godwit_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()
if(GODWIT_FUZZ)
	target_compile_options(godwit_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
