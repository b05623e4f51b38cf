/* Debian's libosip2 on the same bytes: parse (it reads typed headers while parsing), and parse plus serialise. */
#include "measure.h"

#include <osipparser2/osip_parser.h>

static void require(int truth, const char *what) {
    if (!truth) { fprintf(stderr, "osip: %s\n", what); exit(1); }
}

static osip_message_t *parsed(void) {
    osip_message_t *sip = NULL;
    require(osip_message_init(&sip) == 0, "no message");
    require(osip_message_parse(sip, message, message_length) == 0, "not parsed");
    osip_via_t *via = NULL;
    osip_contact_t *contact = NULL;
    osip_message_get_via(sip, 0, &via);
    osip_message_get_contact(sip, 0, &contact);
    require(via && contact && sip->from && sip->to && sip->call_id && sip->cseq, "a header is missing");
    return sip;
}

static void parse_once(void) { osip_message_free(parsed()); }

static void serialise_once(void) {
    osip_message_t *sip = parsed();
    osip_message_append_via(sip, "SIP/2.0/UDP proxy.example.com;branch=z9hG4bKabc");
    osip_message_force_update(sip);
    char *text = NULL;
    size_t length = 0;
    require(osip_message_to_str(sip, &text, &length) == 0 && length > 1000, "not serialised");
    osip_free(text);
    osip_message_free(sip);
}

int main(int count, char **arguments) {
    require(count == 2, "usage: osip FILE");
    read_message(arguments[1]);
    parser_init();
    measure("parse", parse_once, 100000);
    measure("parse+serialise", serialise_once, 50000);
    return 0;
}
