/* SPDX-License-Identifier: ISC */
/* tests/unit/outbox/test_load.c - an outbox is read again: what is as it was is taken over, and nothing else. */
#include "test.h"

#include "outbox/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put(const char *dir, const char *name, const char *id, const char *subject)
{
	char path[5000];
	FILE *f;

	snprintf(path, sizeof path, "%s/cur/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"X-Godwit-Outbox: 1 %s\nX-Godwit-From: <me@x>\nX-Godwit-To: <a@y> NOTIFY=NEVER\n"
		"X-Godwit-To: <b@y>\nMessage-ID: <m@x>\nSubject: %s\n\ntext\n",
		id, subject);
	fclose(f);
}

static struct gw_queued *mail(const struct gw_loaded *l, const char *id)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->list[i]->item.id, id) == 0)
			return l->list[i];
	}
	return NULL;
}

static void read_again(void **state)
{
	char dir[] = "/tmp/godwit-load-XXXXXX", command[64];
	struct gw_queue *queue;
	struct gw_loaded l = { 0 };
	struct gw_error err = { 0 };
	const struct gw_queued *same, *edited;
	char path[256];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/box", dir);
	assert_int_equal(gw_queue_open(path, &queue, &err), GW_OK);
	put(path, "1.00000000000a.godwit:2,S", "00000000000a", "one");
	put(path, "2.00000000000b.godwit:2,S", "00000000000b", "two");
	put(path, "3.00000000000c.godwit:2,S", "00000000000c", "three");
	put(path, "4.nonsense", "zzz", "four");
	assert_int_equal(gw_outbox_load(queue, NULL, 100, &l, &err), GW_OK);
	assert_int_equal(l.count, 4);
	same = mail(&l, "00000000000a");
	edited = mail(&l, "00000000000b");
	assert_string_equal(same->subject, "one");
	assert_string_equal(same->item.to[1].address, "b@y");
	assert_string_equal(edited->message_id, "<m@x>");
	assert_null(same->ret);

	mail(&l, "00000000000a")->item.tries = 7;
	mail(&l, "00000000000a")->item.to[0].fate = GW_FATE_REFUSED;
	mail(&l, "00000000000a")->item.to[0].answer = strdup("550 no");
	mail(&l, "00000000000a")->reason = strdup("because");
	put(path, "2.00000000000b.godwit:2,S", "00000000000b", "quite another");
	snprintf(path, sizeof path, "%s/box/cur/3.00000000000c.godwit:2,S", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(gw_outbox_load(queue, NULL, 100, &l, &err), GW_OK);

	assert_int_equal(l.count, 3);
	assert_ptr_equal(mail(&l, "00000000000a"), same);
	assert_string_equal(same->file.name, "1.00000000000a.godwit:2,S");
	assert_int_equal(same->item.tries, 0); /* the state, and not memory, says that */
	assert_int_equal(same->item.to[0].fate, GW_FATE_OPEN);
	assert_int_equal(same->item.to[0].notify, GW_NOTIFY_NEVER);
	assert_null(same->item.to[0].answer);
	assert_null(same->reason);
	assert_string_equal(mail(&l, "00000000000b")->subject, "quite another");
	assert_null(mail(&l, "00000000000c"));
	assert_true(mail(&l, "")->item.broken);
	gw_loaded_deinit(&l);
	gw_queue_close(queue);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
