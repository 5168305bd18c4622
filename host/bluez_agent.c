/* SPDX-License-Identifier: MIT */
/* The agent: what BlueZ asks during a pairing. A question for a human waits in agent.asked while the loop goes on; his line answers it.
 * It is made the default agent for as long as it lives: a device that wants encryption when a value is subscribed to has BlueZ
 * pair by itself, and that asks the default one. Questions about other devices are refused. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "bluez_inside.h"
#include "bytes.h"

#define AGENT_PATH "/holdfast/agent"
#define REJECTED "org.bluez.Error.Rejected"
#define CANCELED "org.bluez.Error.Canceled"

enum { PASSKEY_MAX = 999999 };

/* --- answers -------------------------------------------------------------------------------------------------------------- */

static void forget_question(struct bluez *bluez)
{
	bluez->agent.asked = sd_bus_message_unref(bluez->agent.asked);
}

static int refuse(sd_bus_message *question, const char *words)
{
	return sd_bus_reply_method_errorf(question, REJECTED, "%s", words);
}

static int put_question(struct bluez *bluez, sd_bus_message *question)
{
	bluez->agent.story.was_asked = true;
	if (bluez->agent.terminal < 0)
		return refuse(question, "nobody is here to be asked");
	forget_question(bluez);
	bluez->agent.asked = sd_bus_message_ref(question);
	return 1;
}

/* What was typed before a question was asked does not answer it: a return during the scan would be an empty passkey. */
static void forget_typed(const struct agent *agent)
{
	if (agent->terminal >= 0)
		(void)tcflush(agent->terminal, TCIFLUSH);
}

static int on_request_passkey(struct bluez *bluez, sd_bus_message *question)
{
	struct agent *agent = &bluez->agent;
	agent->story.wanted_passkey = true;
	if (agent->has_passkey)
		return sd_bus_reply_method_return(question, "u", agent->passkey);
	forget_typed(agent);
	if (agent->terminal >= 0)
		(void)dprintf(agent->terminal, "Passkey that %s shows: ", agent->subject);
	return put_question(bluez, question);
}

/* Both sides show a number; only a human can see whether it is the same. */
static int on_request_confirmation(struct bluez *bluez, sd_bus_message *question)
{
	struct agent *agent = &bluez->agent;
	const char *device = NULL;
	uint32_t passkey = 0;
	int read = sd_bus_message_read(question, "ou", &device, &passkey);
	if (read < 0)
		return read;
	if (agent->has_passkey)
		return passkey == agent->passkey ? sd_bus_reply_method_return(question, "") : refuse(question, "another passkey was given");
	forget_typed(agent);
	if (agent->terminal >= 0)
		(void)dprintf(agent->terminal, "Does %s show %06u? [y/N] ", agent->subject, (unsigned)passkey);
	return put_question(bluez, question);
}

/* The device has keys; what is typed there, it tells by the pairing itself. */
static int on_display_passkey(struct bluez *bluez, sd_bus_message *question)
{
	const char *device = NULL;
	uint32_t passkey = 0;
	uint16_t typed = 0;
	int read = sd_bus_message_read(question, "ouq", &device, &passkey, &typed);
	if (read < 0)
		return read;
	if (bluez->agent.terminal >= 0 && typed == 0)
		(void)dprintf(bluez->agent.terminal, "Type %06u on %s.\n", (unsigned)passkey, bluez->agent.subject);
	bluez->agent.story.was_asked = true;
	return sd_bus_reply_method_return(question, "");
}

/* Just Works: this pairing was asked for on the command line. */
static int on_request_authorization(struct bluez *bluez, sd_bus_message *question)
{
	(void)bluez;
	return sd_bus_reply_method_return(question, "");
}

static int on_old_pin(struct bluez *bluez, sd_bus_message *question)
{
	(void)bluez;
	return refuse(question, "PIN codes are not of low energy");
}

static int on_cancel(struct bluez *bluez, sd_bus_message *question)
{
	if (bluez->agent.asked != NULL && bluez->agent.terminal >= 0)
		(void)dprintf(bluez->agent.terminal, "\n");
	forget_question(bluez);
	return sd_bus_reply_method_return(question, "");
}

static const struct {
	const char *method;
	bool has_device; /* its first argument */
	int (*answer)(struct bluez *bluez, sd_bus_message *question);
} methods[] = {
	{ "RequestPasskey", true, on_request_passkey },   { "RequestConfirmation", true, on_request_confirmation },
	{ "DisplayPasskey", true, on_display_passkey },   { "RequestAuthorization", true, on_request_authorization },
	{ "AuthorizeService", true, on_request_authorization }, { "RequestPinCode", true, on_old_pin },
	{ "DisplayPinCode", true, on_old_pin },           { "Cancel", false, on_cancel },
	{ "Release", false, on_cancel },
};

static bool is_of_device(const struct bluez *bluez, sd_bus_message *question)
{
	const char *device = NULL;
	bool is = sd_bus_message_read_basic(question, 'o', &device) >= 0 && strcmp(device, bluez->agent.device) == 0;
	return is && sd_bus_message_rewind(question, 1) >= 0;
}

static int on_question(sd_bus_message *question, void *ctx, sd_bus_error *error)
{
	struct bluez *bluez = ctx;
	const char *method = sd_bus_message_get_member(question);
	(void)error;
	for (size_t i = 0; method != NULL && i < HF_ARRAY_COUNT(methods); i++) {
		if (strcmp(methods[i].method, method) != 0 || sd_bus_message_is_method_call(question, "org.bluez.Agent1", NULL) <= 0)
			continue;
		if (methods[i].has_device && !is_of_device(bluez, question))
			return refuse(question, "not the device that is worked with");
		return methods[i].answer(bluez, question);
	}
	return 0;
}

/* --- the human ------------------------------------------------------------------------------------------------------------ */

static int answer_of(sd_bus_message *question, const char *line, bool *given)
{
	char *end = NULL;
	*given = line[0] != '\0';
	if (sd_bus_message_is_method_call(question, NULL, "RequestConfirmation") > 0) {
		*given = true;
		return line[0] == 'y' || line[0] == 'Y' ? sd_bus_reply_method_return(question, "") : refuse(question, "the user said no");
	}
	unsigned long number = strtoul(line, &end, 10);
	if (line[0] < '0' || line[0] > '9' || *end != '\0' || number > PASSKEY_MAX)
		return sd_bus_reply_method_errorf(question, CANCELED, "no passkey was typed");
	return sd_bus_reply_method_return(question, "u", (uint32_t)number);
}

void agent_answer(struct bluez *bluez)
{
	struct agent *agent = &bluez->agent;
	char line[64];
	ssize_t got = read(agent->terminal, line, sizeof line - 1);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	line[got > 0 ? got : 0] = '\0';
	line[strcspn(line, "\r\n ")] = '\0';
	int sent = answer_of(agent->asked, line, &agent->story.was_answered);
	(void)sent; /* a bus that is gone is noticed by the loop */
	forget_question(bluez);
}

/* --- registering ---------------------------------------------------------------------------------------------------------- */

static int open_terminal(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 ? open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
}

static bool tell_bluez(struct bluez *bluez, const char *method, const char *capability, uint32_t timeout_ms)
{
	sd_bus_message *m = bluez_method(bluez, "/org/bluez", "org.bluez.AgentManager1", method);
	int appended = sd_bus_message_append(m, "o", AGENT_PATH);
	if (appended >= 0 && capability != NULL)
		appended = sd_bus_message_append(m, "s", capability);
	if (appended < 0)
		m = sd_bus_message_unref(m);
	return bluez_send(bluez, m, timeout_ms, NULL);
}

bool bluez_agent(struct bluez *bluez, const struct bluez_agent_wish *wish, uint32_t timeout_ms)
{
	struct agent *agent = &bluez->agent;
	(void)snprintf(agent->device, sizeof agent->device, "%s", wish->device);
	(void)snprintf(agent->subject, sizeof agent->subject, "%s", wish->subject);
	agent->has_passkey = wish->has_passkey;
	agent->passkey = wish->passkey;
	if (agent->registered)
		return true;
	agent->terminal = agent->has_passkey ? -1 : open_terminal();
	agent->story.can_passkey = agent->has_passkey || agent->terminal >= 0;
	/* Without a way to a passkey nothing else than Just Works may be promised, or the device would ask for one in vain. */
	const char *capability = agent->has_passkey ? "KeyboardOnly" : agent->terminal >= 0 ? "KeyboardDisplay" : "NoInputNoOutput";
	if (sd_bus_add_object(bluez->bus, &agent->slot, AGENT_PATH, on_question, bluez) < 0 ||
	    !tell_bluez(bluez, "RegisterAgent", capability, timeout_ms))
		return false;
	agent->registered = true;
	/* Refused where another program insists: then only a pairing that is asked for comes to this agent. */
	(void)tell_bluez(bluez, "RequestDefaultAgent", NULL, timeout_ms);
	return true;
}

struct bluez_agent_story bluez_agent_story(const struct bluez *bluez)
{
	return bluez->agent.story;
}

/* BlueZ forgets an agent whose program leaves the bus. */
void agent_stop(struct bluez *bluez)
{
	forget_question(bluez);
	(void)sd_bus_slot_unref(bluez->agent.slot);
	if (bluez->agent.terminal >= 0)
		(void)close(bluez->agent.terminal);
	bluez->agent.slot = NULL;
	bluez->agent.terminal = -1;
}
