/* SPDX-License-Identifier: ISC */
/* base/sanitized.h - is this built with a sanitizer, which starts programs, traces itself and reads /proc? */
#pragma once

#if defined __SANITIZE_ADDRESS__
#define GW_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define GW_SANITIZED 1
#endif
#endif
#ifndef GW_SANITIZED
#define GW_SANITIZED 0
#endif
