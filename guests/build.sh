#!/usr/bin/env bash
# Builds guests from src/ into this folder. The toolchains must be in place (setup.sh, RECIPE.md).
# usage: build.sh [rust | c | py | js | compose | check | NAME of a Python or JavaScript guest]...
#        (default: rust c compose check)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
G=$here/toolchain
cd "$here"

rust() (
  . "$G/env.sh"
  cd src
  cargo build --release --locked --target wasm32-unknown-unknown --workspace --exclude stdio-std --exclude std-p3
  cargo build --release --locked --target wasm32-wasip1 -p stdio-std -p std-p3
  for f in "$G"/target/wasm32-unknown-unknown/release/*_p[23].wasm; do
    name=$(basename "$f" .wasm)
    cp "$f" "$here/${name//_/-}.wasm"
  done
  cp "$G/target/wasm32-wasip1/release/stdio-std.wasm" "$here/stdio-std-p2.wasm"
  cp "$G/target/wasm32-wasip1/release/std_p3.wasm" "$here/std-p3.wasm"
)

c() {
  export ZIG_GLOBAL_CACHE_DIR=$G/zig/cache
  local cc=("$G/zig/ziglang/zig" cc -target wasm32-wasi -O2 -s) new=("$G/tools/bin/wasm-tools" component new)
  local adapter gen=$G/target/c-hello-p3-gen
  adapter=$(ls "$G"/adapter/*/artefacts/wasi_snapshot_preview1.command.wasm)
  "${cc[@]}" src/c-hello-p2/hello.c -o "$G/target/c-hello-p2.core.wasm"
  "${new[@]}" "$G/target/c-hello-p2.core.wasm" --adapt "wasi_snapshot_preview1=$adapter" -o c-hello-p2.wasm
  "$G/tools/bin/wit-bindgen" c "$G/wit/p3" -w mini3 --out-dir "$gen"
  "${cc[@]}" -mexec-model=reactor "-I$gen" src/c-hello-p3/hello.c "$gen/mini3.c" "$gen/mini3_component_type.o" \
    -o "$G/target/c-hello-p3.core.wasm"
  "${new[@]}" "$G/target/c-hello-p3.core.wasm" -o c-hello-p3.wasm
}

# NAME, WIT folder, world
python() { "$G/ve-py/bin/componentize-py" -d "$G/wit/$2" -w "$3" componentize -p "src/$1" app -o "$1.wasm"; }
quickjs() { "$G/js/node_modules/.bin/componentize-qjs" --wit "$G/wit/$2" -n "$3" --js "src/$1/app.js" -o "$1.wasm"; }
starling() {
  node "$G/js/node_modules/@bytecodealliance/componentize-js/src/cli.js" "src/$1/app.js" --wit "$G/wit/$2" -n "$3" \
    -o "$1.wasm" "${@:4}"
}

one() {
  case $1 in
    py-hello-p2) python "$1" p2 command2 ;;
    py-hello-p3) python "$1" p3 mini3 ;;
    py-http-p2) python "$1" p2 proxy2 ;;
    py-http-p3) python "$1" p3 handler3 ;;
    js-hello-p2) starling "$1" p2 command2 -d http -d fetch-event ;;
    js-hello-p3) quickjs "$1" p3 mini3 ;;
    js-http-p2) starling "$1" p2-0.2.10 proxy2 ;;
    js-http-p3) quickjs "$1" p3 handler3 ;;
    *)
      echo "build.sh: no such step or guest: $1" >&2
      exit 2
      ;;
  esac
}

compose() {
  for k in ping pipe; do
    "$G/tools/bin/wasm-tools" compose "$k-caller-p3.wasm" -d "$k-callee-p3.wasm" -o "$k-composed-p3.wasm"
  done
}

check() { for f in *.wasm; do "$G/tools/bin/wasm-tools" validate --features all "$f"; done; }

for what in ${@:-rust c compose check}; do
  case $what in
    rust | c | compose | check) "$what" ;;
    py | js) for k in hello-p2 hello-p3 http-p2 http-p3; do one "$what-$k"; done ;;
    *) one "$what" ;;
  esac
done
