#!/usr/bin/env bash
# Makes the toolchains that build.sh needs, under toolchain/ beside this script, from the registries of apt, cargo,
# pip and npm. Nothing is installed system-wide. RECIPE.md says what each step is for and what it costs.
# usage: setup.sh [debs wrappers uu zig p1 wit tools adapter py js]...   (default: all of them, in this order)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
G=$here/toolchain
sysroot=${RUST_SYSROOT:-$(rustc --print sysroot)} # a rustup toolchain: it brings rust-lld and wasm-component-ld
crates=${CARGO_HOME:-$HOME/.cargo}/registry/src
rust_version=1.96.0
mkdir -p "$G"/{debs,root,tools/bin,wit,target}

# A private copy of Debian's rustc and of the library source it was built from: the only pair of the two that
# `-Zbuild-std` accepts without a nightly toolchain.
step_debs() {
  cd "$G/debs"
  apt-get update -qq
  apt-get download -qq rustc-web libstd-rust-web-dev libstd-rust-web-1.96 rust-web-src libllvm22
  for d in rustc-web_* libstd-rust-web-dev_* libstd-rust-web-1.96_* libllvm22_*; do dpkg -x "$d" "$G/root"; done
  dpkg-deb --fsys-tarfile rust-web-src_* | tar x -C "$G/root" "./usr/src/rustc-$rust_version/library"
  mkdir -p "$G/root/usr/lib/rustlib/src"
  ln -sfn "../../../src/rustc-$rust_version" "$G/root/usr/lib/rustlib/src/rust"
}

# Keeps the paths of the building machine out of the binaries. rustc takes the last mapping that fits, so the
# general one comes first.
remap() {
  local deps
  deps=$(ls -d "$crates"/*-* | head -1)
  echo "--remap-path-prefix=$here=guests --remap-path-prefix=$deps=deps" \
    "--remap-path-prefix=$G/root/usr/src/rustc-$rust_version=rust" \
    "--remap-path-prefix=$G/root/usr/lib/rustlib/src/rust=rust"
}

step_wrappers() {
  local bin=$sysroot/lib/rustlib/x86_64-unknown-linux-gnu/bin
  cat > "$G/tools/bin/rustc196" <<W
#!/bin/sh
LD_LIBRARY_PATH=$G/root/usr/lib/x86_64-linux-gnu\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} exec $G/root/usr/bin/rustc "\$@"
W
  cat > "$G/tools/bin/wasm-component-ld" <<W
#!/bin/sh
# rustc puts "-flavor wasm" first for these targets, which this linker does not take
[ "\$1" = -flavor ] && shift 2
exec $bin/wasm-component-ld --wasm-ld-path $bin/gcc-ld/wasm-ld "\$@"
W
  cat > "$G/tools/bin/wasm-component-ld-pure" <<W
#!/bin/sh
# without the preview1 adapter, whose WIT would be merged in and raise 0.2.x import versions to its own
exec $G/tools/bin/wasm-component-ld "\$@" --wasi-adapter none
W
  chmod +x "$G"/tools/bin/*
  cat > "$G/env.sh" <<W
export CARGO_TARGET_DIR=$G/target RUSTC=$G/tools/bin/rustc196
export RUSTFLAGS="$(remap)"
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$G/tools/bin/wasm-component-ld-pure
export CARGO_TARGET_WASM32_WASIP1_LINKER=$G/tools/bin/wasm-component-ld
W
  "$G/tools/bin/rustc196" -V
}

# Builds std for a target and puts it into the private sysroot, so that guests need no `-Z` flag.
build_std() {
  local seed=$G/sysroot-seed lib=$G/root/usr/lib/rustlib/$1/lib
  mkdir -p "$seed/src" "$lib"
  printf '[package]\nname = "sysroot-seed"\nversion = "0.0.0"\nedition = "2024"\n[profile.release]\npanic = "abort"\n[workspace]\n' > "$seed/Cargo.toml"
  : > "$seed/src/lib.rs"
  cd "$seed"
  RUSTC=$G/tools/bin/rustc196 RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$G/target-sysroot \
    RUSTFLAGS="-Cembed-bitcode=yes $(remap)" \
    cargo build --release --target "$1" -Zbuild-std=std,panic_abort
  rm -f "$lib"/*.rlib
  cp "$G/target-sysroot/$1/release/deps"/*.rlib "$lib/"
  rm -f "$lib"/libsysroot_seed*
}

step_uu() { build_std wasm32-unknown-unknown; }

# zig brings the C compiler and wasi-libc (preview1) as source, compiled on first use.
step_zig() {
  mkdir -p "$G/zig" && cd "$G/zig"
  pip download -q --no-deps -d . ziglang==0.17.0
  python3 -m zipfile -e ziglang-*.whl . && chmod +x ziglang/zig
}

step_p1() {
  build_std wasm32-wasip1
  export ZIG_GLOBAL_CACHE_DIR=$G/zig/cache
  local zig=$G/zig/ziglang self=$G/root/usr/lib/rustlib/wasm32-wasip1/lib/self-contained
  mkdir -p "$self"
  echo 'int main(void){return 0;}' > "$G/target/empty.c"
  "$zig/zig" cc -target wasm32-wasi -O2 "$G/target/empty.c" -o "$G/target/empty.wasm" # fills the cache with libc
  for c in command reactor; do
    "$zig/zig" cc -target wasm32-wasi -O2 -c "$zig/lib/libc/wasi/libc-bottom-half/crt/crt1-$c.c" -o "$self/crt1-$c.o"
  done
  # zig keeps malloc in libzigc.a and memcmp in libcompiler_rt.a; rustc wants one archive
  rm -f "$self/libc.a"
  {
    echo "create $self/libc.a"
    for a in libc.a libzigc.a libcompiler_rt.a; do echo "addlib $(ls -t "$G"/zig/cache/o/*/$a | head -1)"; done
    echo save
    echo end
  } | "$zig/zig" ar -M
}

# WIT text out of the crates that ship it.
step_wit() {
  for c in wasip3@0.9.0 wasip2@2.0.1; do cargo info -q "$c" > "$G/target/info.txt" 2>&1 || true; done
  mkdir -p "$G"/wit/{p2,p3,p2-0.2.10}/deps "$here/src/wit/compose/deps"
  cp "$crates"/*-*/wasip3-0.9.0+wasi-0.3.0/wit/deps/*.wit "$G/wit/p3/deps/"
  cp "$crates"/*-*/wasip2-2.0.1+wasi-0.2.12/wit/deps/*.wit "$G/wit/p2/deps/"
  for v in 2 3; do cp "$here/src/wit/p$v-guests.wit" "$G/wit/p$v/guests.wit"; done
  cp "$G"/wit/p3/deps/*clocks*.wit "$here/src/wit/compose/deps/clocks.wit"
  sed 's/0\.2\.12/0.2.10/g' "$G/wit/p2/guests.wit" > "$G/wit/p2-0.2.10/guests.wit"
  for f in "$G"/wit/p2/deps/*.wit; do
    sed 's/0\.2\.1[12]/0.2.10/g' "$f" > "$G/wit/p2-0.2.10/deps/$(basename "$f")"
  done
}

step_tools() {
  cargo install --root "$G/tools" --locked wasm-tools@1.263.0
  cargo install --root "$G/tools" --locked wit-bindgen-cli@0.62.0 --no-default-features --features c,rust,async
}

# The preview1 adapters as files.
step_adapter() {
  local name=wasi-preview1-component-adapter-provider
  cargo info -q "$name@48.0.8" > "$G/target/info.txt" 2>&1 || true
  mkdir -p "$G/adapter"
  cp -r "$crates"/*-*/"$name-48.0.8" "$G/adapter/"
}

step_py() {
  python3 -m venv "$G/ve-py"
  "$G/ve-py/bin/pip" install -q componentize-py==0.25.1
}

step_js() {
  mkdir -p "$G/js" && cd "$G/js"
  [ -f package.json ] || echo '{"private":true,"type":"module"}' > package.json
  npm install --no-audit --no-fund @bytecodealliance/componentize-js@0.23.0 componentize-qjs@0.4.5
}

for s in ${@:-debs wrappers uu zig p1 wit tools adapter py js}; do
  echo "== $s"
  (time "step_$s")
done
