/* SPDX-License-Identifier: MIT */
/* Which inputs of a folder belong together. A project holds files for several boards, variants and applications; joining a setting of one
 * with the layout of another would invent failures. What does not belong to the main build is set aside: it is still checked alone. */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;
	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

static bool is_app_root(const char *path)
{
	return strcmp(name_of(path), "prj.conf") == 0 && strstr(path, "sysbuild/") == NULL && strstr(path, "child_image/") == NULL &&
			strstr(path, "mcuboot/") == NULL;
}

/* Length of the folder of the shallowest application; SIZE_MAX: there is none. */
static size_t main_root(const struct doctor *d, const char **root)
{
	size_t best_depth = SIZE_MAX, length = SIZE_MAX;
	for (size_t i = 0; i < d->inputs.count; i++) {
		const char *path = d->inputs.at[i]->path;
		if (d->inputs.at[i]->named || !is_app_root(path))
			continue;
		size_t depth = depth_of(path);
		bool better = depth < best_depth || (depth == best_depth && strncmp(path, "app/", 4) == 0);
		if (!better)
			continue;
		best_depth = depth;
		*root = path;
		length = (size_t)(name_of(path) - path);
	}
	return length;
}

/* The deepest application folder that the path lies in. */
static bool in_other_root(const struct doctor *d, const char *path, const char *root, size_t root_bytes)
{
	size_t longest = 0;
	const char *owner = NULL;
	for (size_t i = 0; i < d->inputs.count; i++) {
		const char *other = d->inputs.at[i]->path;
		size_t length = (size_t)(name_of(other) - other);
		if (!is_app_root(other) || strncmp(path, other, length) != 0 || (owner != NULL && length < longest))
			continue;
		owner = other;
		longest = length;
	}
	return owner != NULL && (longest != root_bytes || strncmp(owner, root, root_bytes) != 0);
}

static bool exists(const struct doctor *d, const char *path)
{
	for (size_t i = 0; i < d->inputs.count; i++) {
		if (strcmp(d->inputs.at[i]->path, path) == 0)
			return true;
	}
	return false;
}

/* prj_release.conf beside prj.conf, sysbuild_internal.conf beside sysbuild.conf, and overlay-*.conf: used only when asked for. */
static bool is_variant(const struct doctor *d, const char *path)
{
	static const char *const bases[] = { "prj", "sysbuild", "mcuboot", "pm_static" };
	const char *name = name_of(path);
	if (strncmp(name, "overlay", 7) == 0 && strstr(name, ".conf") != NULL)
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(bases); i++) {
		size_t length = strlen(bases[i]);
		if (strncmp(name, bases[i], length) != 0 || name[length] != '_')
			continue;
		const char *dot = strrchr(name, '.');
		char *plain = host_printf("%.*s%s%s", (int)(name - path), path, bases[i], dot != NULL ? dot : "");
		bool beside = exists(d, plain);
		free(plain);
		return beside;
	}
	return false;
}

/* boards/x.conf, boards/x.overlay, pm_static_x.yml: the part after the folder or prefix; NULL: not of one board. */
static const char *board_part(const char *path)
{
	const char *name = name_of(path);
	if (strncmp(name, "pm_static_", 10) == 0)
		return name + 10;
	const char *folder = strstr(path, "boards/");
	return folder != NULL && (folder == path || folder[-1] == '/') ? name : NULL;
}

/* Does the board that is known match the file's name: words of one in the other. */
static bool matches_board(const struct doctor *d, const char *part)
{
	char board[96];
	(void)snprintf(board, sizeof board, "%s", d->setup.board);
	board[strcspn(board, "@/")] = '\0';
	return board[0] != '\0' && strncmp(part, board, strlen(board)) == 0;
}

static bool same_kind(const struct doctor_input *a, const struct doctor_input *b)
{
	size_t x = (size_t)(name_of(a->path) - a->path), y = (size_t)(name_of(b->path) - b->path);
	return a->kind == b->kind && x == y && strncmp(a->path, b->path, x) == 0;
}

static bool of_other_board(const struct doctor *d, const struct doctor_input *input)
{
	const char *part = board_part(input->path);
	if (part == NULL || input->named || matches_board(d, part))
		return false;
	for (size_t i = 0; i < d->inputs.count; i++) {
		const struct doctor_input *other = d->inputs.at[i];
		if (other != input && board_part(other->path) != NULL && same_kind(other, input))
			return true; /* several boards: which one is meant is not known, or it is another */
	}
	return false;
}

void doctor_scope(struct doctor *d)
{
	const char *root = NULL;
	size_t root_bytes = main_root(d, &root);
	for (size_t i = 0; i < d->inputs.count; i++) {
		struct doctor_input *input = d->inputs.at[i];
		bool text = input->kind == KIND_KCONFIG || input->kind == KIND_CONFIG || input->kind == KIND_PM || input->kind == KIND_DTS ||
				input->kind == KIND_SOURCE || input->kind == KIND_KEY;
		if (input->named || !text)
			continue;
		bool board_file = input->kind == KIND_DTS && strstr(input->path, ".overlay") == NULL && strstr(input->path, "zephyr.dts") == NULL &&
				  board_part(input->path) != NULL;
		input->aside = is_variant(d, input->path) || of_other_board(d, input) || board_file ||
			       (root_bytes != SIZE_MAX && in_other_root(d, input->path, root, root_bytes));
	}
}
