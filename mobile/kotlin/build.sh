#!/bin/sh
# Builds the library and generates its Kotlin, both for `mvn package`: the source goes into generated/, the library into
# natives/, in the folder that JNA looks into for this machine. Needs Rust alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
cargo build --package rvoip-uniffi --lib --release
built=${CARGO_TARGET_DIR:-$root/target}/release
case $(uname -s)-$(uname -m) in
Linux-x86_64) folder=linux-x86-64 library=librvoip_ffi.so ;;
Linux-aarch64) folder=linux-aarch64 library=librvoip_ffi.so ;;
Darwin-x86_64) folder=darwin-x86-64 library=librvoip_ffi.dylib ;;
Darwin-arm64) folder=darwin-aarch64 library=librvoip_ffi.dylib ;;
*) echo "build.sh: no name for the library of this machine" >&2; exit 1 ;;
esac
rm -rf "$here/generated" "$here/natives" "$here/target/swift"
mkdir -p "$here/generated" "$here/natives/$folder" "$here/target/swift"
cargo run --quiet --manifest-path bindings/uniffi/bindgen/Cargo.toml \
    --target-dir "${RVOIP_CACHE:-$HOME/.cache/rvoip}/uniffi-bindgen-0.32.2" -- \
    "$built/$library" "$here/generated" "$here/target/swift"
rm -r "$here/target/swift"
cp "$built/$library" "$here/natives/$folder/"
echo "built $here/natives/$folder/$library"
