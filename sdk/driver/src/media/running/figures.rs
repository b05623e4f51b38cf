//! The figures of a session as plain data.

use rvoip_media_core::MediaStatistics;

use crate::media::request::{MediaFigures, ReceivedFigures, SentFigures};

pub(super) fn figures(statistics: &MediaStatistics) -> MediaFigures {
    let (sent, received) = (&statistics.sent, &statistics.received);
    MediaFigures {
        sent: SentFigures {
            packets: sent.packets,
            octets: sent.octets,
            lost: sent.lost,
            jitter: sent.jitter,
        },
        received: ReceivedFigures {
            packets: received.packets,
            octets: received.octets,
            lost: received.lost,
            duplicates: received.duplicates,
            reordered: received.reordered,
            late: received.late,
            jitter: received.jitter,
            delay: received.delay,
        },
        round_trip: statistics.round_trip,
        mos_received: statistics.mos_received,
        mos_sent: statistics.mos_sent,
        codec: statistics.codec.map(str::to_owned),
    }
}
