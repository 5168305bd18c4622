/* SPDX-License-Identifier: MIT */
/* Version, security counter and hash of an image against what runs, as a client's list, a boot log, a dump of the flash, a hex file for
 * the primary slot or an image named by --running say it.
 * Source   mcu-tools/mcuboot: boot/bootutil/src/loader.c (check_downgrade_prevention: an equal version is taken, a lower one not; with
 *          counters, no counter in the running image lets everything in; the build number counts with BOOT_VERSION_CMP_USE_BUILD_NUMBER
 *          alone), boot/zephyr/main.c ("Image version: v"). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "rules.h"
#include "textparse.h"

#define RUNNING_MAX 8u

/* What is known of the image that runs, or of one that is to run. */
struct release {
	const struct doctor_input *input;
	const struct found_image *image; /* NULL: a line of text says it */
	unsigned line;
	char name[160];
	struct hf_version version;
	bool has_counter;
	uint32_t counter;
	char hash[132];
};

struct releases {
	struct release at[RUNNING_MAX];
	size_t count;
};

static void add(struct releases *list, const struct release *release)
{
	if (list->count < RUNNING_MAX)
		list->at[list->count++] = *release;
}

static void of_image(const struct found_image *image, struct release *release)
{
	*release = (struct release){ .input = image->input, .image = image, .version = image->version, .has_counter = image->has_counter,
		.counter = image->counter };
	(void)snprintf(release->name, sizeof release->name, "%s", image->name);
	for (uint32_t i = 0; i < image->hash_bytes && image->has_hash; i++)
		(void)snprintf(release->hash + 2 * i, 3, "%02x", image->hash[i]);
}

static bool of_text(const struct doctor_input *input, unsigned line, const char *text, struct release *release)
{
	char version[40];
	(void)snprintf(version, sizeof version, "%.*s", (int)strspn(text, "0123456789.+"), text);
	char *dot = strchr(version, '.');
	for (int i = 0; i < 2 && dot != NULL; i++)
		dot = strchr(dot + 1, '.');
	if (dot != NULL)
		*dot = dot[1] != '\0' ? '+' : '\0'; /* Zephyr prints the build number behind a third dot */
	*release = (struct release){ .input = input, .line = line };
	(void)snprintf(release->name, sizeof release->name, "line %u", line);
	return version_parse(version, strlen(version), &release->version);
}

static bool is_first_of_dump(const struct doctor *d, const struct found_image *image)
{
	for (size_t i = 0; i < d->images.count; i++) {
		if (d->images.at[i].input == image->input)
			return &d->images.at[i] == image;
	}
	return false;
}

/* In the primary slot: of a dump its first image (a bootloader has no header), of a hex file what goes to the slot's address. */
static bool is_installed(const struct doctor *d, const struct found_image *image)
{
	const struct layout *main = doctor_main_layout(d);
	const struct partition *primary = main != NULL ? partitions_of(&main->partitions, PARTITION_PRIMARY) : NULL;
	bool known = primary != NULL && primary->has_addr;
	if (image->input->runs)
		return true;
	if (image->has_addr)
		return image->input->named && known && image->addr == primary->addr;
	if (image->input->kind != KIND_DUMP && image->input->kind != KIND_PROGRAM)
		return false;
	return known && image->file_off == primary->addr ? true : is_first_of_dump(d, image);
}

static void collect_running(const struct doctor *d, struct releases *running)
{
	struct release release, last;
	bool booted = false;
	for (size_t i = 0; i < d->images.count; i++) {
		if (d->images.at[i].broken != HF_OK || !is_installed(d, &d->images.at[i]))
			continue;
		of_image(&d->images.at[i], &release);
		add(running, &release);
	}
	for (size_t i = 0; i < d->listed.count; i++) {
		const struct listed *s = &d->listed.at[i];
		if (!s->active || !s->has_version || s->image != 0 || !of_text(s->input, s->line, s->version, &release))
			continue;
		if (s->has_hash)
			(void)snprintf(release.hash, sizeof release.hash, "%s", s->hash);
		add(running, &release);
	}
	for (size_t i = 0; i < d->hits.count; i++) {
		const char *at = strcmp(log_rows[d->hits.at[i].pattern].name, "image_version") == 0 ? strstr(d->hits.at[i].text, ": v") : NULL;
		if (at != NULL && of_text(d->hits.at[i].input, d->hits.at[i].line, at + 3, &release)) {
			last = release;
			booted = true;
		}
	}
	if (booted)
		add(running, &last);
}

/* What waits to run: files, a pending slot of a list. */
static void collect_new(const struct doctor *d, struct releases *news)
{
	struct release release;
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		/* A dump's second slot holds the older release after an update: nothing that is to be installed. */
		bool in_dump = image->input->kind == KIND_DUMP || image->input->kind == KIND_PROGRAM;
		if (image->input->runs || in_dump || is_installed(d, image) || !rules_is_application(image))
			continue;
		of_image(image, &release);
		add(news, &release);
	}
	for (size_t i = 0; i < d->listed.count; i++) {
		const struct listed *s = &d->listed.at[i];
		if (s->active || !s->pending || !s->has_version || s->image != 0 || !of_text(s->input, s->line, s->version, &release))
			continue;
		(void)snprintf(release.name, sizeof release.name, "slot %u, pending", s->slot);
		add(news, &release);
	}
}

struct policy {
	bool versions, counters; /* the bootloader refuses lower ones */
	bool in_place;           /* the higher version is started, whatever is uploaded */
	bool build_counts;
};

static struct policy policy_of(const struct doctor *d)
{
	bool hardware = doctor_is(d, WHO_SYSBUILD, "MCUBOOT_HARDWARE_DOWNGRADE_PREVENTION", "y") ||
			doctor_is(d, WHO_MCUBOOT, "MCUBOOT_HW_DOWNGRADE_PREVENTION", "y");
	bool by_counter = doctor_is(d, WHO_MCUBOOT, "MCUBOOT_DOWNGRADE_PREVENTION_SECURITY_COUNTER", "y");
	bool asked = doctor_is(d, WHO_SYSBUILD, "MCUBOOT_DOWNGRADE_PREVENTION", "y") || doctor_is(d, WHO_MCUBOOT, "MCUBOOT_DOWNGRADE_PREVENTION", "y") ||
		     doctor_is(d, WHO_APP, "MCUBOOT_BOOTLOADER_NO_DOWNGRADE", "y");
	return (struct policy){
		.versions = asked && !by_counter,
		.counters = hardware || by_counter,
		.in_place = d->setup.mode == MODE_XIP || d->setup.mode == MODE_XIP_REVERT,
		.build_counts = doctor_is(d, WHO_MCUBOOT, "BOOT_VERSION_CMP_USE_BUILD_NUMBER", "y"),
	};
}

static int compare_versions(const struct release *news, const struct release *running, bool build_counts)
{
	const struct hf_version *a = &news->version, *b = &running->version;
	int order = hf_version_compare(a, b);
	if (order == 0 && build_counts)
		order = a->build < b->build ? -1 : a->build > b->build;
	return order;
}

static void say_release(struct finding *f, const struct release *r, const char *what)
{
	char version[40];
	version_print(&r->version, version);
	if (r->has_counter)
		doctor_say(f, r->input, r->line, "%s: version %s, security counter %u; %s", r->name, version, (unsigned)r->counter, what);
	else
		doctor_say(f, r->input, r->line, "%s: version %s%s; %s", r->name, version, r->image != NULL ? ", no security counter" : "", what);
}

static void judge(struct doctor *d, const struct release *news, const struct release *running, const struct policy *policy)
{
	int order = compare_versions(news, running, policy->build_counts);
	bool counters_known = running->has_counter && news->image != NULL;
	bool counter_low = counters_known && (!news->has_counter || news->counter < running->counter);
	bool same = news->hash[0] != '\0' && strcmp(news->hash, running->hash) == 0;
	bool low = order < 0 || (order == 0 && policy->in_place && !same);
	if (same || (!low && !counter_low))
		return;
	bool refused = (low && (policy->versions || policy->in_place)) || (counter_low && policy->counters);
	bool first = doctor_found(d, "K12") == NULL;
	struct finding *f = doctor_find(d, "K12");
	say_release(f, news, "it is to be installed");
	say_release(f, running, "it runs");
	if (refused) {
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	} else if (first) {
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
		doctor_title(f, "The image's %s is lower than that of the image that runs", low ? "version" : "security counter");
		doctor_remedy(f, "Raise it and build again, if the older release is not meant. Nothing given says whether the bootloader refuses it; "
				 "next thing to look at: CONFIG_MCUBOOT_DOWNGRADE_PREVENTION and CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION in its .config.");
	}
}

/* The bootloader refuses any image without one. */
static void lacks_counter(struct doctor *d, const struct release *news)
{
	struct finding *f = doctor_find(d, "K12");
	doctor_say(f, news->input, 0, "%s: it has no security counter, and this bootloader compares counters", news->name);
	doctor_remedy(f, "Sign with a counter: CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_VALUE (sysbuild: SB_CONFIG_MCUBOOT_HW_DOWNGRADE_"
			 "PREVENTION_COUNTER_VALUE), or imgtool's and holdfast's --security-counter.");
	doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
}

/* What a package's manifest says of its images, against their headers and the chip of the project. Phone apps show the manifest's. */
void detect_d13(struct doctor *d)
{
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		struct release release;
		char version[40];
		enum soc soc = doctor_soc_of_words(image->said_soc);
		version_print(&image->version, version);
		if (image->broken == HF_OK && image->said_version[0] != '\0' && of_text(image->input, 0, image->said_version, &release) &&
		    hf_version_compare(&release.version, &image->version) != 0)
			doctor_say(doctor_find(d, "D13"), image->input, 0, "%s: version %s, the manifest says %s", image->name, version, image->said_version);
		if (soc == SOC_UNKNOWN || d->setup.soc == SOC_UNKNOWN || d->setup.soc_varies || soc == d->setup.soc)
			continue;
		struct finding *f = doctor_find(d, "D13");
		doctor_say(f, image->input, 0, "%s: for %s; the chip here is another, known from %s", image->name, image->said_soc, d->setup.soc_why);
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	}
}

void detect_k12(struct doctor *d)
{
	struct releases running = { .count = 0 }, news = { .count = 0 };
	struct policy policy = policy_of(d);
	bool hardware = doctor_is(d, WHO_SYSBUILD, "MCUBOOT_HARDWARE_DOWNGRADE_PREVENTION", "y") ||
			doctor_is(d, WHO_MCUBOOT, "MCUBOOT_HW_DOWNGRADE_PREVENTION", "y");
	(void)by_message(d, "K12");
	collect_running(d, &running);
	collect_new(d, &news);
	for (size_t i = 0; i < news.count; i++) {
		for (size_t k = 0; k < running.count; k++)
			judge(d, &news.at[i], &running.at[k], &policy);
		if (hardware && news.at[i].image != NULL && !news.at[i].has_counter && news.at[i].image->input->named)
			lacks_counter(d, &news.at[i]);
	}
}
