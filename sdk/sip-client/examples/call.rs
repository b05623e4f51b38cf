//! Registers, calls somebody, plays a greeting, takes four digits, and hangs up.
//!
//! ```sh
//! cargo run --package rvoip --example call -- sip:alice@example.com secret sip:bob@example.com
//! ```

// begin: readme
use rvoip::Client;
use std::time::Duration;
// end: readme

pub(crate) async fn place(alice: &str, password: &str, bob: &str) -> rvoip::Result<String> {
    // begin: readme
    let client = Client::builder().build().await?;
    let account = client.account(alice).password(password).register().await?;
    let call = account.call(bob).await?;
    call.answered().await?;
    call.play("hello.wav").await?;
    let digits = call.collect_digits(4, Duration::from_secs(10)).await?;
    call.hang_up().await?;
    client.close().await?;
    // end: readme
    Ok(digits)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for people")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [alice, password, bob] = arguments.as_slice() else {
        return Err("usage: call ADDRESS PASSWORD WHOM".into());
    };
    println!("{bob} pressed {}", place(alice, password, bob).await?);
    Ok(())
}
