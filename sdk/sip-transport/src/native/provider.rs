//! Who computes for TLS: graviola where the processor has what it needs, and `RustCrypto` elsewhere.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;

/// The algorithms of this machine.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(choose())))
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn choose() -> CryptoProvider {
    // It ends the program where instructions are missing.
    if graviola::util::is_cpu_supported() { rustls_graviola::default_provider() } else { portable() }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn choose() -> CryptoProvider {
    portable()
}

pub(super) fn portable() -> CryptoProvider {
    rustls_rustcrypto::provider()
}
