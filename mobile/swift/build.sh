#!/bin/sh
# Builds the library, generates its Swift, and puts everything where Package.swift expects it; then `swift build` and
# `swift test` run. `build.sh harness` does the same for the tests on a virtual clock (RVOIP_HARNESS=1 swift test).
# Needs Rust alone. CARGO_BUILD_TARGET builds for another platform, such as aarch64-apple-ios.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
kind=${1:-release}
case $kind in
release) options="--release" profile=release ;;
harness) options="--features harness --target-dir $root/target/harness" profile=debug ;;
*) echo "usage: build.sh [release|harness]" >&2; exit 2 ;;
esac
cd "$root"
# shellcheck disable=SC2086
cargo build --package rvoip-uniffi --lib $options
target=${CARGO_TARGET_DIR:-$root/target}
[ "$kind" = harness ] && target=$root/target/harness
built=$target/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}$profile
library=
for name in librvoip_ffi.so librvoip_ffi.dylib librvoip_ffi.a; do
    [ -z "$library" ] && [ -f "$built/$name" ] && library=$built/$name
done
[ -n "$library" ] || { echo "build.sh: no library in $built" >&2; exit 1; }
out=$here/Built/$kind
rm -rf "$out"
mkdir -p "$out/ffi" "$out/swift" "$out/lib" "$out/kotlin"
# The generator runs on this machine, whatever the library is built for.
env -u CARGO_BUILD_TARGET cargo run --quiet --manifest-path bindings/uniffi/bindgen/Cargo.toml \
    --target-dir "${RVOIP_CACHE:-$HOME/.cache/rvoip}/uniffi-bindgen-0.32.2" -- "$library" "$out/kotlin" "$out/swift"
rm -r "$out/kotlin"
mv "$out/swift/RvoipFFI.h" "$out/swift/module.modulemap" "$out/ffi/"
cp "$built/librvoip_ffi.a" "$out/lib/"
echo "built $out"
