//! Tests of the command `rvoip` against real peers: SIPp, Kamailio and baresip.
//!
//! The peers are Debian's packages `sip-tester`, `kamailio`, `kamailio-extra-modules`, `kamailio-tls-modules`,
//! `kamailio-websocket-modules` and `baresip-core`. Every test starts
//! the ones it needs on loopback, in a scratch folder of its own and on free ports, waits until they are ready, and ends
//! them by process id. Run the tests one at a time:
//!
//! ```text
//! cargo test -p rvoip-interop -- --test-threads 1
//! ```
//!
//! The phone under test is the binary of `rvoip-cli`, built once by the tests, or the file that `RVOIP_BIN` names.
//!
//! Tests in other languages use the same peers by way of the command `rvoip-testbed`, which also starts our own switch:
//!
//! ```text
//! cargo run -q -p rvoip-interop --bin rvoip-testbed -- kamailio --baresip bob --play speech.wav --record-dir out
//! ```
//!
//! Invariants:
//! - No test sleeps: it waits for a line, an event, a port or an exit, each with a deadline.
//! - What a process printed is bounded in memory, and shown when a test fails.
//! - No process outlives the test that started it.

mod baresip;
mod binary;
mod conversation;
mod kamailio;
mod phone;
mod ports;
mod process;
mod recording;
mod scratch;
mod server;
mod sipp;
mod switch;
mod wait;

pub use baresip::{Baresip, BaresipFiles, BaresipOptions};
pub use conversation::{Ways, we_are_called, we_call};
pub use kamailio::{DOMAIN, Kamailio, KamailioPorts, PASSWORD};
pub use phone::{Phone, ended, in_state, of_type};
pub use ports::{PortRange, free_port, free_port_range};
pub use process::{Process, Signal};
pub use recording::{Voice, assert_heard, compare_files};
pub use scratch::{Scratch, in_scratch};
pub use server::Server;
pub use sipp::{Sipp, SippStatistics};
pub use switch::{OwnSwitch, USERS};
pub use wait::{LIMIT, wait_until};
