/* SPDX-License-Identifier: MIT */
#include <holdfast/journal.h>

enum { CHUNK_BYTES = 6, SLOT_BYTES_NOR = 12, SLOT_BYTES_RRAM = 16, CRC_BYTES = 4, RECORD_BYTES_MAX = 72,
       GOAL_BYTES = 41, BEGIN_BYTES = 69, APPEND_TRIES = 8 };

struct record {
	uint8_t type;
	uint32_t first_slot;
	uint32_t slot_count;
	uint8_t data[RECORD_BYTES_MAX];
};

HF_INLINE bool is_ring(const struct hf_log *log)
{
	return !hf_known(log->flash)->needs_erase;
}

HF_INLINE uint32_t slot_bytes(const struct hf_log *log)
{
	return is_ring(log) ? SLOT_BYTES_RRAM : SLOT_BYTES_NOR;
}

HF_INLINE uint32_t slot_count(const struct hf_log *log)
{
	return (hf_known(log->flash)->sector_bytes - HF_JOURNAL_TRAILER_BYTES) / slot_bytes(log);
}

static uint32_t chunk_count(uint8_t type)
{
	switch (type) {
	case HF_RECORD_ST:
	case HF_RECORD_NOTE:
	case HF_RECORD_UPLOAD:
		return (GOAL_BYTES + CHUNK_BYTES - 1) / CHUNK_BYTES;
	case HF_RECORD_BEGIN:
		return (BEGIN_BYTES + CHUNK_BYTES - 1) / CHUNK_BYTES;
	default:
		return type >= HF_RECORD_ST && type <= HF_RECORD_DONE ? 1 : 0;
	}
}

/* ---- reading: every slot is read once into the work buffer, because a torn one may read differently the next time */

static uint8_t *slot_at(const struct hf_log *log, uint8_t *work, uint32_t slot)
{
	return work + slot * slot_bytes(log);
}

static bool slot_is_whole(const struct hf_log *log, const uint8_t *slot)
{
	const uint32_t crc_off = slot_bytes(log) - CRC_BYTES;
	return slot[1] < chunk_count(slot[0]) && hf_get32le(slot + crc_off) == hf_crc32(0, slot, crc_off);
}

/* Fills work, blanks the type of slots that do not read well, and finds where to go on. */
static void log_load(struct hf_log *log, uint8_t *work)
{
	uint32_t newest = 0;
	bool any = false;
	log->free_slot = 0;
	for (uint32_t i = 0; i < slot_count(log); i++) {
		uint8_t *slot = slot_at(log, work, i);
		const bool readable = hf_flash_read(log->flash, log->base_off + i * slot_bytes(log), slot, slot_bytes(log)) == HF_OK;
		const bool blank = readable && hf_is_filled(slot, slot_bytes(log), hf_known(log->flash)->erased_byte);
		const bool whole = readable && slot_is_whole(log, slot);
		if (!whole)
			slot[0] = 0;
		if (!is_ring(log) && !blank)
			log->free_slot = i + 2; /* one slot stays free behind a slot that a cut may have touched */
		if (is_ring(log) && whole && (!any || hf_get32le(slot + 8) > newest)) {
			newest = hf_get32le(slot + 8);
			log->free_slot = (i + 1) % slot_count(log);
			any = true;
		}
	}
	log->sequence = any ? newest + 1 : 1;
}

/* Next whole slot after *at (NOR: position, RRAM: sequence number); slot_count if there is none. */
static uint32_t slot_next(const struct hf_log *log, uint8_t *work, uint32_t *at)
{
	uint32_t best = slot_count(log);
	if (!is_ring(log)) {
		for (uint32_t i = *at; i < slot_count(log); i++) {
			if (slot_at(log, work, i)[0] != 0) {
				*at = i + 1;
				return i;
			}
		}
		return best;
	}
	uint32_t best_sequence = UINT32_MAX;
	for (uint32_t i = 0; i < slot_count(log); i++) {
		const uint8_t *slot = slot_at(log, work, i);
		const uint32_t sequence = hf_get32le(slot + 8);
		if (slot[0] != 0 && sequence >= *at && sequence < best_sequence) {
			best_sequence = sequence;
			best = i;
		}
	}
	*at = best_sequence == UINT32_MAX ? UINT32_MAX : best_sequence + 1;
	return best;
}

/* Puts the chunks of one record together; they must follow each other without a gap. False at the end. */
static bool record_next(const struct hf_log *log, uint8_t *work, uint32_t *at, struct record *record)
{
	uint32_t have = 0, previous = 0;
	for (uint32_t n = 0; n <= slot_count(log); n++) {
		const uint32_t before = *at;
		const uint32_t i = slot_next(log, work, at);
		if (i == slot_count(log))
			return false;
		const uint8_t *slot = slot_at(log, work, i);
		const bool adjacent = is_ring(log) ? *at == before + 1 : i == previous + 1;
		const bool continues = have > 0 && slot[0] == record->type && slot[1] == have && adjacent;
		if (!continues && slot[1] != 0) {
			have = 0;
			continue;
		}
		if (!continues) {
			record->type = slot[0];
			record->first_slot = i;
			have = 0;
		}
		memcpy(record->data + have * CHUNK_BYTES, slot + 2, CHUNK_BYTES);
		previous = i;
		if (++have == chunk_count(record->type)) {
			record->slot_count = have;
			return true;
		}
	}
	return false;
}

/* ---- writing */

static enum hf_reason slot_write(struct hf_log *log, uint32_t slot, uint8_t type, uint32_t chunk, const uint8_t *data, bool *right)
{
	uint8_t bytes[SLOT_BYTES_RRAM], back[SLOT_BYTES_RRAM];
	const uint32_t crc_off = slot_bytes(log) - CRC_BYTES;
	const uint32_t off = log->base_off + slot * slot_bytes(log);
	bytes[0] = type;
	bytes[1] = (uint8_t)chunk;
	memcpy(bytes + 2, data, CHUNK_BYTES);
	if (is_ring(log))
		hf_put32le(bytes + 8, log->sequence);
	hf_put32le(bytes + crc_off, hf_crc32(0, bytes, crc_off));
	enum hf_reason reason = hf_flash_write(log->flash, off, bytes, slot_bytes(log));
	if (reason == HF_OK)
		reason = hf_flash_sync(log->flash);
	if (reason != HF_OK)
		return reason;
	if (hf_flash_read(log->flash, off, back, slot_bytes(log)) != HF_OK || memcmp(back, bytes, slot_bytes(log)) != 0)
		*right = false;
	return HF_OK;
}

/* RRAM: the first slot from which count slots touch nothing that must be kept. */
static uint32_t ring_place(const struct hf_log *log, uint32_t start, uint32_t count)
{
	for (uint32_t n = 0; n < 4; n++) {
		bool clear = true;
		for (uint32_t k = 0; k < HF_ARRAY_COUNT(log->keep_count); k++) {
			const uint32_t ahead = (log->keep_off[k] + slot_count(log) - start) % slot_count(log);
			const uint32_t behind = (start + slot_count(log) - log->keep_off[k]) % slot_count(log);
			if (log->keep_count[k] != 0 && (ahead < count || behind < log->keep_count[k])) {
				start = (log->keep_off[k] + log->keep_count[k]) % slot_count(log);
				clear = false;
			}
		}
		if (clear)
			break;
	}
	return start;
}

/* Appends and reads back; a record that reads wrong is written again behind. Everything written before is durable first:
 * a record must never arrive before what it speaks of. */
static enum hf_reason log_append(struct hf_log *log, struct record *record)
{
	const uint32_t count = chunk_count(record->type);
	enum hf_reason reason = hf_flash_sync(log->flash);
	for (uint32_t n = 0; n < APPEND_TRIES; n++) {
		bool right = true;
		uint32_t slot = log->free_slot;
		if (is_ring(log)) {
			/* Displaced: what a cut left at the old place must stay older than this record, should it ever read well. */
			slot = ring_place(log, slot, count);
			log->sequence += slot == log->free_slot ? 0 : RECORD_BYTES_MAX / CHUNK_BYTES;
		} else if (slot > slot_count(log) || slot_count(log) - slot < count) {
			return HF_R_JOURNAL_FULL;
		}
		record->first_slot = slot;
		record->slot_count = count;
		for (uint32_t chunk = 0; chunk < count && reason == HF_OK; chunk++) {
			reason = slot_write(log, slot, record->type, chunk, record->data + chunk * CHUNK_BYTES, &right);
			slot = is_ring(log) ? (slot + 1) % slot_count(log) : slot + 1;
			log->sequence++;
			log->free_slot = slot;
		}
		if (reason != HF_OK || right)
			return reason;
	}
	return HF_R_FLASH_VERIFY;
}

static void log_make(struct hf_log *log, const struct hf_flash *flash, uint32_t base_off)
{
	memset(log, 0, sizeof *log);
	log->flash = flash;
	log->base_off = base_off;
}

/* ---- record contents */

static uint8_t flags_make(enum hf_kind kind, enum hf_walk walk, uint32_t align)
{
	return (uint8_t)((uint32_t)kind | (uint32_t)walk << 2 | (align == 16 ? 8u : 0u));
}

static void goal_put(const struct hf_goal *goal, uint8_t *data)
{
	data[0] = flags_make(goal->kind, goal->walk, goal->align);
	hf_put32le(data + 1, goal->generation);
	memcpy(data + 5, goal->id, sizeof goal->id);
	hf_put32le(data + 37, goal->counter);
}

static void goal_get(const uint8_t *data, struct hf_goal *goal)
{
	goal->kind = (enum hf_kind)(data[0] & 3u);
	goal->walk = (enum hf_walk)(data[0] >> 2 & 1u);
	goal->align = (data[0] & 8u) != 0 ? 16 : 8;
	goal->generation = hf_get32le(data + 1);
	memcpy(goal->id, data + 5, sizeof goal->id);
	goal->counter = hf_get32le(data + 37);
}

static void begin_put(const struct hf_begin *begin, uint8_t *data)
{
	data[0] = flags_make(begin->kind, begin->plan.walk, begin->align);
	hf_put16le(data + 1, begin->plan.old_sectors);
	hf_put16le(data + 3, begin->plan.new_sectors);
	memcpy(data + 5, begin->old_id, sizeof begin->old_id);
	memcpy(data + 37, begin->new_id, sizeof begin->new_id);
}

static void begin_get(const uint8_t *data, struct hf_begin *begin)
{
	begin->kind = (enum hf_kind)(data[0] & 3u);
	begin->plan.walk = (enum hf_walk)(data[0] >> 2 & 1u);
	begin->align = (data[0] & 8u) != 0 ? 16 : 8;
	begin->plan.old_sectors = hf_get16le(data + 1);
	begin->plan.new_sectors = hf_get16le(data + 3);
	memcpy(begin->old_id, data + 5, sizeof begin->old_id);
	memcpy(begin->new_id, data + 37, sizeof begin->new_id);
}

/* ---- meaning: the newest record of a kind counts; an ST forgets what is before it */

static void keep(struct hf_journal *j, uint32_t which, uint32_t first_slot, uint32_t slot_count)
{
	j->log.keep_off[which] = first_slot;
	j->log.keep_count[which] = slot_count;
}

enum { KEEP_ST = 0, KEEP_BEGIN = 1 };

static void generation_seen(struct hf_journal *j, uint32_t generation)
{
	if (generation > j->generation)
		j->generation = generation;
}

static void counter_seen(struct hf_journal *j, uint32_t counter)
{
	if (counter > j->counter)
		j->counter = counter;
}

static void feed_st(struct hf_journal *j, const struct record *r)
{
	goal_get(r->data, &j->st);
	j->has_st = true;
	j->closed_generation = 0;
	/* Only an update replaces what was uploaded. */
	j->marks &= j->st.kind == HF_KIND_FORMAT ? 1u << HF_RECORD_UPLOAD | 1u << HF_RECORD_DONE : 0;
	j->has_begin = j->has_step = j->has_end = false;
	j->end_generation = 0;
	j->refused_reason = 0;
	j->clear_open = false;
	generation_seen(j, j->st.generation);
	counter_seen(j, j->st.counter);
	keep(j, KEEP_ST, r->first_slot, r->slot_count); /* BEGIN stays kept until RUN: this ST may be torn and read well once */
}

static void feed_begin(struct hf_journal *j, const struct record *r)
{
	uint8_t same[RECORD_BYTES_MAX];
	keep(j, KEEP_BEGIN, r->first_slot, r->slot_count);
	begin_put(&j->begin, same);
	if (j->has_begin && memcmp(same, r->data, BEGIN_BYTES) == 0)
		return; /* the same, appended again: what is known of its steps stays */
	begin_get(r->data, &j->begin);
	j->has_begin = true;
	j->has_step = j->has_end = false;
}

static void feed_conf(struct hf_journal *j)
{
	if (j->has_begin && !j->has_step) { /* a revert that had not begun to move: the confirmation wins */
		j->has_begin = false;
		keep(j, KEEP_BEGIN, 0, 0);
	}
}

static void feed(struct hf_journal *j, const struct record *r)
{
	const uint32_t number = hf_get32le(r->data), mark = 1u << r->type;
	switch ((enum hf_record_type)r->type) {
	case HF_RECORD_ST:
		feed_st(j, r);
		break;
	case HF_RECORD_CLOSED:
		if (number > j->closed_generation)
			j->closed_generation = number;
		generation_seen(j, number);
		break;
	case HF_RECORD_RUN2:
	case HF_RECORD_RUN:
		j->marks |= mark | 1u << HF_RECORD_RUN;
		keep(j, KEEP_BEGIN, 0, 0);
		break;
	case HF_RECORD_CONF2:
	case HF_RECORD_CONF:
		j->marks |= mark | 1u << HF_RECORD_CONF;
		feed_conf(j);
		break;
	case HF_RECORD_BEGIN:
		feed_begin(j, r);
		break;
	case HF_RECORD_INT:
		j->has_step = j->has_begin;
		j->has_end = false;
		j->step = hf_get16le(r->data);
		j->step_crc = hf_get32le(r->data + 2);
		break;
	case HF_RECORD_END:
		generation_seen(j, number);
		j->has_step = j->has_end = j->has_begin;
		if (j->has_begin && number > j->end_generation)
			j->end_generation = number;
		break;
	case HF_RECORD_UPLOAD:
	case HF_RECORD_FAIL:
		j->marks |= mark;
		break;
	case HF_RECORD_DONE:
		j->marks &= ~(mark | 1u << HF_RECORD_UPLOAD);
		j->marks |= number == 0 ? mark : 0;
		break;
	case HF_RECORD_REFUSED:
		j->refused_reason = hf_get16le(r->data);
		j->refused_where_off = hf_get32le(r->data + 2);
		j->clear_open = true;
		break;
	case HF_RECORD_CLEARED:
		j->clear_open = false;
		break;
	case HF_RECORD_COUNTER:
		counter_seen(j, number);
		break;
	case HF_RECORD_SECTOR:
	case HF_RECORD_NOTE:
		break;
	}
}

void hf_journal_reset(struct hf_journal *j)
{
	const uint32_t generation = j->generation, counter = j->counter;
	const struct hf_log log = j->log;
	memset(j, 0, sizeof *j);
	j->generation = generation;
	j->counter = counter;
	log_make(&j->log, log.flash, log.base_off);
	j->log.sequence = 1;
}

void hf_journal_open(struct hf_journal *j, const struct hf_flash *primary, uint8_t *work)
{
	struct record record;
	uint32_t at = 0;
	memset(j, 0, sizeof *j);
	log_make(&j->log, primary, primary->size_bytes - hf_known(primary)->sector_bytes);
	log_load(&j->log, work);
	while (record_next(&j->log, work, &at, &record))
		feed(j, &record);
}

static enum hf_reason append(struct hf_journal *j, struct record *record)
{
	const enum hf_reason reason = log_append(&j->log, record);
	if (reason == HF_OK)
		feed(j, record);
	return reason;
}

static void record_make(struct record *record, enum hf_record_type type)
{
	memset(record, 0, sizeof *record);
	record->type = (uint8_t)type;
}

enum hf_reason hf_journal_append_mark(struct hf_journal *j, enum hf_record_type type)
{
	return hf_journal_append_generation(j, type, 0);
}

enum hf_reason hf_journal_append_generation(struct hf_journal *j, enum hf_record_type type, uint32_t generation)
{
	struct record record;
	record_make(&record, type);
	hf_put32le(record.data, generation);
	return append(j, &record);
}

enum hf_reason hf_journal_append_goal(struct hf_journal *j, const struct hf_goal *goal)
{
	struct record record;
	record_make(&record, HF_RECORD_ST);
	goal_put(goal, record.data);
	return append(j, &record);
}

enum hf_reason hf_journal_append_begin(struct hf_journal *j, const struct hf_begin *begin)
{
	struct record record;
	record_make(&record, HF_RECORD_BEGIN);
	begin_put(begin, record.data);
	return append(j, &record);
}

static enum hf_reason append_pair(struct hf_journal *j, enum hf_record_type type, uint16_t half, uint32_t word)
{
	struct record record;
	record_make(&record, type);
	hf_put16le(record.data, half);
	hf_put32le(record.data + 2, word);
	return append(j, &record);
}

enum hf_reason hf_journal_append_step(struct hf_journal *j, uint32_t step, uint32_t crc)
{
	return append_pair(j, HF_RECORD_INT, (uint16_t)step, crc);
}

enum hf_reason hf_journal_append_refused(struct hf_journal *j, uint16_t reason, uint32_t where_off)
{
	return append_pair(j, HF_RECORD_REFUSED, reason, where_off);
}

uint32_t hf_journal_room(const struct hf_journal *j)
{
	if (is_ring(&j->log))
		return UINT32_MAX;
	return j->log.free_slot < slot_count(&j->log) ? slot_count(&j->log) - j->log.free_slot : 0;
}

bool hf_journal_has_room(const struct hf_journal *j, uint32_t step_count)
{
	/* BEGIN twice, each step once, END twice, and a slot left free at two resets. */
	return hf_journal_room(j) >= 2 * chunk_count(HF_RECORD_BEGIN) + step_count + 4;
}

/* ---- uploads into the primary */

static void upload_get(const uint8_t *data, struct hf_journal_upload *upload)
{
	memset(upload, 0, sizeof *upload);
	upload->size_bytes = hf_get32le(data);
	memcpy(upload->tag, data + 4, sizeof upload->tag);
	upload->version_min = (struct hf_version){ data[39], data[38], hf_get16le(data + 36), 0 };
	upload->tag_bytes = data[40];
}

void hf_journal_open_upload(struct hf_journal *j, const struct hf_flash *primary, uint8_t *work, struct hf_journal_upload *upload)
{
	struct record record;
	uint32_t at = 0;
	hf_journal_open(j, primary, work);
	memset(upload, 0, sizeof *upload);
	while (record_next(&j->log, work, &at, &record)) {
		const uint32_t sectors = hf_get16le(record.data);
		if (record.type == HF_RECORD_UPLOAD) {
			upload_get(record.data, upload);
			keep(j, KEEP_BEGIN, record.first_slot, record.slot_count);
		} else if (record.type == HF_RECORD_ST && (record.data[0] & 3u) != HF_KIND_FORMAT) { /* a format may be its own */
			memset(upload, 0, sizeof *upload);
		} else if (record.type == HF_RECORD_SECTOR) {
			upload->sectors = sectors;
		}
	}
}

enum hf_reason hf_journal_append_upload(struct hf_journal *j, const struct hf_journal_upload *upload)
{
	struct record record;
	record_make(&record, HF_RECORD_UPLOAD);
	hf_put32le(record.data, upload->size_bytes);
	memcpy(record.data + 4, upload->tag, sizeof upload->tag);
	hf_put32le(record.data + 36, hf_version_word(&upload->version_min));
	record.data[40] = (uint8_t)upload->tag_bytes;
	const enum hf_reason reason = append(j, &record);
	if (reason == HF_OK)
		keep(j, KEEP_BEGIN, record.first_slot, record.slot_count);
	return reason;
}

enum hf_reason hf_journal_append_sectors(struct hf_journal *j, uint32_t sectors)
{
	return append_pair(j, HF_RECORD_SECTOR, (uint16_t)sectors, 0);
}

/* ---- notes */

void hf_note_open(struct hf_note *note, const struct hf_flash *secondary, uint32_t sector_off, uint32_t generation_max, uint8_t *work)
{
	struct record record;
	struct hf_goal goal;
	uint32_t at = 0;
	note->found = false;
	log_make(&note->log, secondary, sector_off);
	log_load(&note->log, work);
	while (record_next(&note->log, work, &at, &record)) {
		if (record.type != HF_RECORD_NOTE)
			continue;
		goal_get(record.data, &goal);
		if (goal.generation <= generation_max && (!note->found || goal.generation > note->goal.generation)) {
			note->found = true;
			note->goal = goal;
		}
	}
}

void hf_note_reset(struct hf_note *note)
{
	note->log.free_slot = 0;
}

enum hf_reason hf_note_append(struct hf_note *note, const struct hf_goal *goal)
{
	struct record record;
	record_make(&record, HF_RECORD_NOTE);
	goal_put(goal, record.data);
	return log_append(&note->log, &record);
}
