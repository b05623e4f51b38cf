//! The command `rvoip`: a softphone, a script tool and a diagnostic.

mod args;
mod demo;
mod files;
mod input;
mod output;
mod parse;
mod phone;
mod request;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use rvoip::ErrorKind;
use tracing_subscriber::EnvFilter;

use args::{Cli, Command};
use output::{Output, complain};

/// How a run ended, as an exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The peer or the network said no.
    Refused,
    /// Wrong usage.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
        })
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // The help and the version are no mistakes.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let json = std::env::args_os().any(|word| word == "--json");
            Output { json }.error(&ErrorKind::InvalidArgument.error(usage(&error)));
            return Exit::Usage.into();
        }
    };
    let output = Output { json: cli.json };
    match EnvFilter::try_new(&cli.log) {
        Ok(filter) => tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init(),
        Err(error) => {
            complain(&format!("--log {:?}: {error}", cli.log));
            return Exit::Usage.into();
        }
    }
    if let Command::Parse(args) = &cli.command {
        return parse::run(output, args).into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no runtime: {error}"));
            return Exit::Refused.into();
        }
    };
    let result = runtime.block_on(run(cli.command, output));
    // A thread that waits for a line on standard input must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.error(&error);
            exit_of(&error).into()
        }
    }
}

async fn run(command: Command, output: Output) -> rvoip::Result<Exit> {
    match command {
        Command::Demo(args) => demo::run(&args, output).await,
        Command::Call(args) => {
            phone::run(output, &args.account, &args.network, args.phone, Some(args.uri)).await
        }
        Command::Listen(args) => phone::run(output, &args.account, &args.network, args.phone, None).await,
        Command::Register(args) => request::register(output, &args).await,
        Command::Message(args) => request::message(output, &args).await,
        Command::Options(args) => request::options(output, &args).await,
        Command::Parse(args) => Ok(parse::run(output, &args)),
    }
}

/// What is wrong with the words of the command line, in one line; the usage is what `--help` is for.
fn usage(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

/// Wrong usage is 2, everything else that goes wrong is 1.
fn exit_of(error: &rvoip::Error) -> Exit {
    if error.kind() == ErrorKind::InvalidArgument { Exit::Usage } else { Exit::Refused }
}
