# SPDX-License-Identifier: ISC
# Finds BoringSSL and defines BoringSSL::SSL and BoringSSL::Crypto.
#
# Looked at in this order:
#   BORINGSSL_ROOT       an install prefix (include/openssl/is_boringssl.h, lib/libssl.*)
#   Debian's android-libboringssl-dev, whose files lie in an `android` subfolder.  Its libraries
#                        are not on the loader's path, so BoringSSL_RPATH names their folder.
# OpenSSL has headers of the same names; is_boringssl.h tells them apart.

set(BORINGSSL_ROOT "" CACHE PATH "Install prefix of BoringSSL")

if(BORINGSSL_ROOT)
	set(_boringssl_find_opts NO_DEFAULT_PATH PATHS ${BORINGSSL_ROOT})
	set(_boringssl_include_suffixes include)
	set(_boringssl_lib_suffixes lib lib64)
else()
	set(_boringssl_include_suffixes android)
	set(_boringssl_lib_suffixes ${CMAKE_LIBRARY_ARCHITECTURE}/android android)
endif()

find_path(BoringSSL_INCLUDE_DIR openssl/is_boringssl.h ${_boringssl_find_opts}
	PATH_SUFFIXES ${_boringssl_include_suffixes})
find_library(BoringSSL_SSL_LIBRARY ssl ${_boringssl_find_opts}
	PATH_SUFFIXES ${_boringssl_lib_suffixes})
find_library(BoringSSL_CRYPTO_LIBRARY crypto ${_boringssl_find_opts}
	PATH_SUFFIXES ${_boringssl_lib_suffixes})
mark_as_advanced(BoringSSL_INCLUDE_DIR BoringSSL_SSL_LIBRARY BoringSSL_CRYPTO_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(BoringSSL
	REQUIRED_VARS BoringSSL_SSL_LIBRARY BoringSSL_CRYPTO_LIBRARY BoringSSL_INCLUDE_DIR
	REASON_FAILURE_MESSAGE "install Debian's android-libboringssl-dev, or point BORINGSSL_ROOT at a BoringSSL install prefix")

if(BoringSSL_FOUND AND NOT TARGET BoringSSL::Crypto)
	get_filename_component(BoringSSL_RPATH "${BoringSSL_SSL_LIBRARY}" DIRECTORY)
	add_library(BoringSSL::Crypto UNKNOWN IMPORTED)
	set_target_properties(BoringSSL::Crypto PROPERTIES
		IMPORTED_LOCATION "${BoringSSL_CRYPTO_LIBRARY}"
		INTERFACE_INCLUDE_DIRECTORIES "${BoringSSL_INCLUDE_DIR}")
	add_library(BoringSSL::SSL UNKNOWN IMPORTED)
	set_target_properties(BoringSSL::SSL PROPERTIES
		IMPORTED_LOCATION "${BoringSSL_SSL_LIBRARY}"
		INTERFACE_INCLUDE_DIRECTORIES "${BoringSSL_INCLUDE_DIR}"
		INTERFACE_LINK_LIBRARIES BoringSSL::Crypto)
endif()
