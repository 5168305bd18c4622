/* SPDX-License-Identifier: MIT */
#include "passphrase.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "platform.h"

#define SECRET_BYTES_MAX 1024

/* First line of a stream, without its end. */
static char *first_line(FILE *file)
{
	char *secret = host_alloc(SECRET_BYTES_MAX);
	if (fgets(secret, SECRET_BYTES_MAX, file) == NULL) {
		free(secret);
		return NULL;
	}
	secret[strcspn(secret, "\r\n")] = '\0';
	return secret;
}

static char *from_terminal(const char *question, const char *what)
{
	char *secret = host_alloc(SECRET_BYTES_MAX);
	if (platform_ask(question, what, secret, SECRET_BYTES_MAX))
		return secret;
	free(secret);
	return NULL;
}

static char *from_file(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (file == NULL)
		return NULL;
	char *secret = first_line(file);
	if (file != stdin)
		(void)fclose(file);
	return secret;
}

static char *from_elsewhere(const struct passphrase *passphrase)
{
	if (passphrase != NULL && passphrase->file != NULL)
		return from_file(passphrase->file);
	const char *set = getenv("HOLDFAST_PASSPHRASE");
	return set != NULL ? host_strdup(set) : NULL;
}

char *passphrase_get(const struct passphrase *passphrase, const char *what)
{
	char *secret = from_elsewhere(passphrase);
	bool never = passphrase != NULL && passphrase->never_ask;
	return secret != NULL || never ? secret : from_terminal("Passphrase of", what);
}

void passphrase_forget(char *secret)
{
	if (secret == NULL)
		return;
	OPENSSL_cleanse(secret, strlen(secret));
	free(secret);
}

enum hf_reason passphrase_choose(const struct passphrase *passphrase, const char *path, char **secret, struct problem *problem)
{
	char *first = from_elsewhere(passphrase);
	if (first == NULL) {
		first = from_terminal("New passphrase for", path);
		char *second = first != NULL ? from_terminal("Again, the passphrase for", path) : NULL;
		bool same = first != NULL && second != NULL && strcmp(first, second) == 0;
		passphrase_forget(second);
		if (first != NULL && !same) {
			passphrase_forget(first);
			return problem_set(problem, HF_R_HOST_KEY_PASSPHRASE_WRONG, path, "the two differ");
		}
	}
	if (first == NULL || first[0] == '\0') {
		passphrase_forget(first);
		return problem_set(problem, HF_R_HOST_KEY_PASSPHRASE_NEEDED, path, "%s", "");
	}
	*secret = first;
	return HF_OK;
}
