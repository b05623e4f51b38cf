//! SIPp with its built-in scenarios.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::ports::{free_port, free_port_range, udp_is_bound};
use crate::process::Process;
use crate::wait::{LIMIT, wait_until};

/// One run of SIPp.
#[derive(Debug)]
pub struct Sipp {
    process: Process,
    port: u16,
    statistics: PathBuf,
    errors: PathBuf,
}

/// What SIPp counted, over the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SippStatistics {
    /// Calls that were begun, by either side.
    pub created: u64,
    /// Calls that went as the scenario says.
    pub successful: u64,
    /// Calls that did not.
    pub failed: u64,
    /// Messages that SIPp had to send again.
    pub retransmissions: u64,
}

impl Sipp {
    /// Calls `target` (address and port) `calls` times with the scenario `uac`.
    pub fn uac(target: &str, calls: u32, more: &[&str], folder: &Path) -> Result<Self> {
        Self::start("uac", calls, &[&[target], more].concat(), folder)
    }

    /// Takes `calls` calls with the scenario `uas`; returns when it can be called.
    pub fn uas(calls: u32, more: &[&str], folder: &Path) -> Result<Self> {
        let sipp = Self::start("uas", calls, more, folder)?;
        wait_until("SIPp's port", LIMIT, || Ok(udp_is_bound(sipp.port)?.then_some(())))?;
        Ok(sipp)
    }

    fn start(scenario: &str, calls: u32, more: &[&str], folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let statistics = folder.join(format!("sipp-{scenario}-{port}.csv"));
        let errors = folder.join(format!("sipp-{scenario}-{port}.errors"));
        let (port_text, control) = (port.to_string(), free_port()?.to_string());
        let (media, calls) = (free_port_range()?.first.to_string(), calls.to_string());
        let (statistics_text, errors_text) = (statistics.to_string_lossy(), errors.to_string_lossy());
        let arguments = [
            "-sn",
            scenario,
            "-i",
            "127.0.0.1",
            "-p",
            &port_text,
            "-cp",
            &control,
            "-ci",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-mp",
            &media,
            "-m",
            &calls,
            "-nostdin",
            // When it was not scheduled for long it would write so among the errors of the peer.
            "-watchdog_minor_threshold",
            "60000",
            "-watchdog_major_threshold",
            "60000",
            "-trace_stat",
            "-stf",
            &statistics_text,
            "-fd",
            "1",
            "-trace_err",
            "-error_file",
            &errors_text,
        ];
        let process =
            Process::start(&format!("sipp {scenario}"), "sipp", arguments.iter().chain(more), folder)?;
        Ok(Self { process, port, statistics, errors })
    }

    /// Where it is called: address and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits for its end, at most for `time`, and reads what it counted; the text is what it found wrong.
    pub fn finish(&mut self, time: Duration) -> Result<(SippStatistics, String)> {
        self.process.wait_for_exit(time)?;
        let table = std::fs::read_to_string(&self.statistics).context("SIPp's statistics")?;
        // There is no such file if nothing was wrong.
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        Ok((SippStatistics::parse(&table)?, errors))
    }
}

impl SippStatistics {
    /// Reads the last line of SIPp's table.
    fn parse(table: &str) -> Result<Self> {
        let mut lines = table.lines();
        let names: Vec<&str> = lines.next().context("the table is empty")?.split(';').collect();
        let values: Vec<&str> = lines.next_back().context("the table has no values")?.split(';').collect();
        let value = |name: &str| -> Result<u64> {
            let column = names
                .iter()
                .position(|column| *column == name)
                .with_context(|| format!("no column {name}"))?;
            let text = values.get(column).with_context(|| format!("no value of {name}"))?;
            text.parse().with_context(|| format!("{name} is {text:?}"))
        };
        Ok(Self {
            created: value("TotalCallCreated")?,
            successful: value("SuccessfulCall(C)")?,
            failed: value("FailedCall(C)")?,
            retransmissions: value("Retransmissions(C)")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_the_table_counts() {
        let table = "StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(C);Retransmissions(C);\n\
                     a;5;1;3;0;0;\nb;9;4;7;2;1;\n";
        let expected = SippStatistics { created: 9, successful: 7, failed: 2, retransmissions: 1 };
        assert_eq!(SippStatistics::parse(table).unwrap(), expected);
        assert!(SippStatistics::parse("").is_err());
        assert!(SippStatistics::parse("StartTime;\na;\n").is_err());
    }
}
