/* SPDX-License-Identifier: ISC */
/* cli/init_core.c - what every part of `godwit init` asks with; part of init_p.h. */
#include "cli/init_p.h"

const char *init_given(const struct init *in, const char *key)
{
	return answer_of(&in->answers, key);
}

bool init_set(struct init *in, const char *key, const char *value)
{
	return answer_set(&in->answers, key, value, &in->err) == GW_OK;
}

bool init_need(struct init *in, struct question q)
{
	return answer_need(&in->answers, &q, &in->err) == GW_OK;
}

bool init_again(struct init *in, struct question q, bool *same)
{
	return answer_again(&in->answers, &q, same, &in->err) == GW_OK;
}
