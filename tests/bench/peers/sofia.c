/* Debian's sofia-sip on the same bytes: parse (it reads typed headers while parsing), and parse plus serialise. */
#include "measure.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/su_alloc.h>

static void require(int truth, const char *what) {
    if (!truth) { fprintf(stderr, "sofia: %s\n", what); exit(1); }
}

static msg_t *parsed(void) {
    msg_t *msg = msg_make(sip_default_mclass(), 0, message, message_length);
    require(msg != NULL, "no message");
    sip_t *sip = sip_object(msg);
    require(sip && sip->sip_via && sip->sip_from && sip->sip_to && sip->sip_call_id && sip->sip_cseq && sip->sip_contact,
            "a header is missing");
    return msg;
}

static void parse_once(void) { msg_destroy(parsed()); }

static void serialise_once(void) {
    msg_t *msg = parsed();
    sip_via_t *via = sip_via_make(msg_home(msg), "SIP/2.0/UDP proxy.example.com;branch=z9hG4bKabc");
    msg_header_insert(msg, NULL, (msg_header_t *)via);
    require(msg_serialize(msg, NULL) >= 0, "not serialised");
    char out[65536];
    size_t length = 0;
    for (msg_header_t *header = (msg_header_t *)sip_object(msg)->sip_request; header; header = header->sh_succ) {
        ssize_t wrote = msg_header_e(out + length, sizeof out - length, header, 0);
        require(wrote >= 0, "not encoded");
        length += wrote;
    }
    require(length > 1000, "too short");
    msg_destroy(msg);
}

int main(int count, char **arguments) {
    require(count == 2, "usage: sofia FILE");
    read_message(arguments[1]);
    measure("parse", parse_once, 100000);
    measure("parse+serialise", serialise_once, 50000);
    return 0;
}
