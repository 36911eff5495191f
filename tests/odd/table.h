/* SPDX-License-Identifier: ISC */
/* tests/odd/table.h - what the cases say, as a table in Markdown. */
#pragma once

#include "script.h"

void table_print(const char *path, const struct script *first);
