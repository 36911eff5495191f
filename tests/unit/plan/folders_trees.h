/* SPDX-License-Identifier: ISC */
/* plan/folders: random trees on both sides (folders_trees.c); part of test_folders. */
#pragma once

#include "plan/folders.h"

extern const char *const folder_kinds[GW_FOLDER_KINDS];
extern const char *const folder_reasons[];

void random_trees(void **state);
