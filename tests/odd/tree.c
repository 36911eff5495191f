/* SPDX-License-Identifier: ISC */
/* tests/odd/tree.c - the Maildir tree of a case. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_file(
	struct tree *t, const char *root, const char *dir, const char *path, struct mail *m)
{
	char *whole = printed("%s/%s", root, path);
	struct text content;
	struct stat st;

	if (stat(whole, &st) != 0 || !S_ISREG(st.st_mode)) {
		free(whole);
		return;
	}
	content = file_text(whole);
	t->files = need(realloc(t->files, (t->count + 1) * sizeof *t->files));
	t->files[t->count++] = (struct file){ .path = copy_of(path),
		.dir = copy_of(dir),
		.version = mail_identify(m, content.p, content.n),
		.size = content.n };
	put(&t->stamps, "%s %lu %ld %ld.%09ld\n", path, (unsigned long)st.st_ino, (long)st.st_size,
		(long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	text_free(&content);
	free(whole);
}

/* What editors leave beside a file is no mail. */
static bool is_editors(const char *name)
{
	size_t n = strlen(name);

	return n > 1 && (name[n - 1] == '~' || (name[0] == '#' && name[n - 1] == '#'));
}

static void read_dir(struct tree *t, const char *root, const char *dir, struct mail *m, bool mail)
{
	char *whole = printed("%s/%s", root, dir);
	struct dirent **entries;
	int n = scandir(whole, &entries, NULL, alphasort);

	free(whole);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char *path = printed("%s%s%s", dir, *dir == '\0' ? "" : "/", name);
		bool leaf = strcmp(name, "cur") == 0 || strcmp(name, "new") == 0;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		} else if (mail && name[0] != '.' && !is_editors(name)) {
			char *box = need(strndup(dir, strlen(dir) < 4 ? 0 : strlen(dir) - 4));

			read_file(t, root, box, path, m);
			free(box);
		} else if (!mail && entries[i]->d_type == DT_DIR && strcmp(name, "tmp") != 0) {
			read_dir(t, root, path, m, leaf);
		}
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void tree_read(struct tree *t, const char *root, struct mail *m)
{
	*t = (struct tree){ 0 };
	put(&t->stamps, "%s", "");
	read_dir(t, root, "", m, false);
}

void tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->files[i].path);
		free(t->files[i].dir);
	}
	free(t->files);
	text_free(&t->stamps);
}

const char *info_of(const char *path)
{
	for (const char *p = path; *p != '\0'; p++) {
		if (strchr(":;!", *p) != NULL && strncmp(p + 1, "2,", 2) == 0)
			return p;
	}
	return NULL;
}

const char *file_flags(const struct file *f)
{
	const char *info = info_of(f->path);

	return info == NULL ? "" : info + 3;
}

bool tree_make(const char *root, const char *dir)
{
	static const char *const parts[] = { "", "/cur", "/new", "/tmp" };
	char *path = printed("%s/%s", root, dir);
	bool ok = true;

	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	mkdir(root, 0700);
	for (size_t i = 0; i < 4; i++) {
		char *part = printed("%s%s", path, parts[i]);

		ok = (mkdir(part, 0700) == 0 || errno == EEXIST) && ok;
		free(part);
	}
	free(path);
	return ok;
}

bool tree_write(const char *path, const char *p, size_t n, bool crlf)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!crlf && p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			continue;
		putc(p[i], f);
	}
	return fclose(f) == 0;
}

unsigned count_mail(const char *dir)
{
	struct mail none = { 0 };
	struct tree t;
	unsigned n;

	tree_read(&t, dir, &none);
	n = (unsigned)t.count;
	tree_free(&t);
	return n;
}

static uint64_t found; /* by size_below(): nftw() passes no context */

static int add_size(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path, (void)ftw;
	if (type == FTW_F)
		found += (uint64_t)st->st_blocks * 512;
	return 0;
}

uint64_t size_below(const char *path)
{
	found = 0;
	nftw(path, add_size, 16, FTW_PHYS);
	return found;
}

void remove_all(const char *path)
{
	struct dirent **entries;
	int n;

	if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM))
		return;
	chmod(path, 0700);
	n = scandir(path, &entries, NULL, NULL);
	for (int i = 0; i < n; i++) {
		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
			char *below = printed("%s/%s", path, entries[i]->d_name);

			remove_all(below);
			free(below);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	rmdir(path);
}
