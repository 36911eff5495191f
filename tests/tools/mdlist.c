/* SPDX-License-Identifier: ISC */
/* tests/tools/mdlist.c - lists a tree of Maildirs: folder, flags and keywords, SHA-256 of each
 * file.
 *
 * Usage: mdlist ROOT.  Keywords are shown by name (dovecot-keywords), so that two trees that give
 * them different letters compare equal.  T is left out: it is not mirrored.
 */
#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct keywords {
	char names[26][128];
};

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

static void load(const char *dir, struct keywords *k)
{
	char path[6400], line[256], name[128];
	unsigned index;
	FILE *f;

	memset(k, 0, sizeof *k);
	snprintf(path, sizeof path, "%s/dovecot-keywords", dir);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%u %127s", &index, name) == 2 && index < 26)
			snprintf(k->names[index], sizeof k->names[index], "%s", name);
	}
	if (f != NULL)
		fclose(f);
}

static void print_flags(const char *name, const struct keywords *k)
{
	const char *info = strstr(name, ":2,");
	char *words[27], forwarded[] = "$Forwarded"; /* P here, a keyword on servers */
	size_t n = 0;

	for (const char *p = info == NULL ? "" : info + 3; *p != '\0' && n < 26; p++) {
		if (*p >= 'a' && *p <= 'z' && k->names[*p - 'a'][0] != '\0')
			words[n++] = (char *)(unsigned long)k->names[*p - 'a'];
		else if (*p == 'P')
			words[n++] = forwarded;
		else if (*p != 'T')
			putchar(*p);
	}
	qsort(words, n, sizeof *words, compare_names);
	for (size_t i = 0; i < n; i++)
		printf(" %s", words[i]);
}

static void print_file(
	const char *folder, const char *path, const char *name, const struct keywords *k)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char buf[65536];
	SHA256_CTX sha;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return;
	SHA256_Init(&sha);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		SHA256_Update(&sha, buf, (size_t)n);
	close(fd);
	SHA256_Final(digest, &sha);
	printf("%s\t", folder);
	print_flags(name, k);
	putchar('\t');
	for (size_t i = 0; i < sizeof digest; i++)
		printf("%02x", digest[i]);
	putchar('\n');
}

static void list_part(
	const char *folder, const char *dir, const char *part, const struct keywords *k)
{
	char path[8192];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", dir, part);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s/%s", dir, part, e->d_name);
		print_file(folder, path, e->d_name, k);
	}
	if (d != NULL)
		closedir(d);
}

static void walk(const char *root, const char *folder)
{
	char dir[6000], below[6400];
	struct keywords k;
	struct stat st;
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof dir, "%s%s%s", root, *folder ? "/" : "", folder);
	load(dir, &k);
	list_part(folder, dir, "cur", &k);
	list_part(folder, dir, "new", &k);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, "cur") == 0 || strcmp(e->d_name, "new") == 0 ||
			strcmp(e->d_name, "tmp") == 0)
			continue;
		snprintf(below, sizeof below, "%s/%s", dir, e->d_name);
		if (stat(below, &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		snprintf(below, sizeof below, "%s%s%s", folder, *folder ? "/" : "", e->d_name);
		walk(root, below);
	}
	if (d != NULL)
		closedir(d);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	walk(argv[1], "");
	return 0;
}
