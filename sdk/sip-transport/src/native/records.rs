//! DNS records as the machines know them.

use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};
use rvoip_sans_io::{DnsAnswer, NaptrRecord, RecordType, SrvRecord};

/// Records of one answer that are read at most.
const MOST_RECORDS: usize = 256;

pub(super) fn wire_type(record: RecordType) -> WireType {
    match record {
        RecordType::A => WireType::A,
        RecordType::Aaaa => WireType::AAAA,
        RecordType::Srv => WireType::SRV,
        RecordType::Naptr => WireType::NAPTR,
    }
}

/// A name without its trailing dot; the root, which says that there is no such service (RFC 2782), is empty.
fn text(name: &Name) -> String {
    let name = name.to_ascii();
    name.strip_suffix('.').map(str::to_owned).unwrap_or(name)
}

/// An answer without records of the type.
pub(super) fn empty(record: RecordType) -> DnsAnswer {
    answer(record, &[])
}

/// The records of the type that was asked for; CNAMEs on the way are left out.
pub(super) fn answer(record: RecordType, records: &[Record]) -> DnsAnswer {
    let data = records.iter().map(|record| &record.data);
    match record {
        RecordType::A | RecordType::Aaaa => DnsAnswer::Addresses(
            data.filter_map(RData::ip_addr)
                .filter(|address| address.is_ipv4() == (record == RecordType::A))
                .take(MOST_RECORDS)
                .collect(),
        ),
        RecordType::Srv => DnsAnswer::Services(
            data.filter_map(|data| if let RData::SRV(srv) = data { Some(srv) } else { None })
                .map(|srv| SrvRecord {
                    priority: srv.priority,
                    weight: srv.weight,
                    port: srv.port,
                    target: text(&srv.target),
                })
                .take(MOST_RECORDS)
                .collect(),
        ),
        RecordType::Naptr => DnsAnswer::Pointers(
            data.filter_map(|data| if let RData::NAPTR(naptr) = data { Some(naptr) } else { None })
                .map(|naptr| NaptrRecord {
                    order: naptr.order,
                    preference: naptr.preference,
                    flags: String::from_utf8_lossy(&naptr.flags).into_owned(),
                    services: String::from_utf8_lossy(&naptr.services).into_owned(),
                    replacement: text(&naptr.replacement),
                })
                .take(MOST_RECORDS)
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NAPTR, SRV};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn records(data: Vec<RData>) -> Vec<Record> {
        data.into_iter().map(|data| Record::from_rdata(name("example.com."), 60, data)).collect()
    }

    #[test]
    fn only_what_was_asked_for_is_answered() {
        let records = records(vec![
            RData::CNAME(CNAME(name("b.example.com."))),
            RData::A(A(Ipv4Addr::new(192, 0, 2, 1))),
            RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)),
        ]);
        assert_eq!(
            answer(RecordType::A, &records),
            DnsAnswer::Addresses(vec![Ipv4Addr::new(192, 0, 2, 1).into()])
        );
        assert_eq!(
            answer(RecordType::Aaaa, &records),
            DnsAnswer::Addresses(vec![Ipv6Addr::LOCALHOST.into()])
        );
        assert_eq!(answer(RecordType::Srv, &records), DnsAnswer::Services(vec![]));
    }

    #[test]
    fn names_lose_their_trailing_dot() {
        let srv = SRV::new(10, 60, 5060, name("sip.example.com."));
        let none = SRV::new(0, 0, 0, Name::root());
        let DnsAnswer::Services(services) =
            answer(RecordType::Srv, &records(vec![RData::SRV(srv), RData::SRV(none)]))
        else {
            panic!("no services")
        };
        assert_eq!(services[0].target, "sip.example.com");
        assert_eq!((services[0].priority, services[0].weight, services[0].port), (10, 60, 5060));
        assert_eq!(services[1].target, "");
        let naptr = NAPTR::new(
            50,
            20,
            (*b"s").into(),
            (*b"SIP+D2U").into(),
            (*b"").into(),
            name("_sip._udp.example.com."),
        );
        let DnsAnswer::Pointers(pointers) = answer(RecordType::Naptr, &records(vec![RData::NAPTR(naptr)]))
        else {
            panic!("no pointers")
        };
        assert_eq!(pointers[0].services, "SIP+D2U");
        assert_eq!(pointers[0].replacement, "_sip._udp.example.com");
    }
}
