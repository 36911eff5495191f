/* SPDX-License-Identifier: ISC */
/* store/budget.c - what crossed the wire on which day.  See store.h. */
#include "store/store_p.h"

#include <time.h>

enum { DAY = 86400 };

int64_t gw_store_today(void)
{
	return (int64_t)time(NULL) / DAY;
}

enum gw_code gw_store_day(
	struct gw_store *store, int64_t day, uint64_t *down, uint64_t *up, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_DAY, err);
	enum gw_code code = GW_OK;
	int rc;

	*down = *up = 0;
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, day);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*down = (uint64_t)sqlite3_column_int64(st, 0);
		*up = (uint64_t)sqlite3_column_int64(st, 1);
	} else if (rc != SQLITE_DONE) {
		code = store_failed(store, rc, err);
	}
	sqlite3_reset(st);
	return code;
}

enum gw_code gw_store_day_add(
	struct gw_store *store, int64_t day, uint64_t down, uint64_t up, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_DAY_ADD, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, day);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)down);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)up);
	if (store_run(store, st, err) != GW_OK)
		return err->code;
	st = store_statement(store, ST_DAY_PURGE, err);
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, day);
	return store_run(store, st, err);
}
