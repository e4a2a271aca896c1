#!/usr/bin/env bash
# Machine side of a training on a lent accelerator; see README.md beside this file.
#
#   device_run.sh keep [FOLDER]     keeps the parts (and wheels) that came with this call
#   device_run.sh unpack            installs the wheels and decodes all parts
#   device_run.sh smoke ARGUMENTS   the same, then `smoke` with these flags
#   device_run.sh train ARGUMENTS   the same, then `train` with these flags
#
# Environment: DEVICE_DIR, where everything is kept between calls; PACKED and WHEELS, where
# a call brings them, relative to the repository; OUT, where results go.
set -euo pipefail

DEVICE_DIR=${DEVICE_DIR:-/tmp/tfse_device}
PACKED=${PACKED:-work_area/packed}
WHEELS=${WHEELS:-work_area/wheels}
PYTHON=${PYTHON:-python3}
COMMAND=${1:?keep, unpack, smoke or train}
shift

export PYTHONUNBUFFERED=1 PYTHONPATH=$DEVICE_DIR/site:$PWD
export XLA_PYTHON_CLIENT_MEM_FRACTION=${XLA_PYTHON_CLIENT_MEM_FRACTION:-0.92}

keep() {
  mkdir -p "$DEVICE_DIR/packed" "$DEVICE_DIR/wheels"
  for part in "$PACKED"/part-*; do
    if [ -d "$part" ]; then cp -r "$part" "$DEVICE_DIR/packed/"; fi
  done
  for wheel in "$WHEELS"/*.whl; do
    if [ -f "$wheel" ]; then cp "$wheel" "$DEVICE_DIR/wheels/"; fi
  done
  echo "kept: $(ls "$DEVICE_DIR/packed" | tr '\n' ' ')and $(ls "$DEVICE_DIR/wheels" | wc -l) wheels"
}

install() {
  if [ -d "$DEVICE_DIR/site" ] || [ -z "$(ls -A "$DEVICE_DIR/wheels")" ]; then return; fi
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir \
    --target "$DEVICE_DIR/site" "$DEVICE_DIR"/wheels/*.whl
}

unpack() {
  keep
  install
  if [ -d "$DEVICE_DIR/store" ]; then return; fi
  "$PYTHON" -m tools.jax_training unpack --packed_dir="$DEVICE_DIR/packed" \
    --store="$DEVICE_DIR/store"
}

case $COMMAND in
  keep) keep; install ;;
  unpack) unpack ;;
  smoke)
    unpack
    "$PYTHON" -m tools.jax_training smoke --data="$DEVICE_DIR/store" \
      --compilation_cache="$DEVICE_DIR/cache" "$@"
    ;;
  train)
    unpack
    "$PYTHON" -m tools.jax_training train --data="$DEVICE_DIR/store" \
      --output_dir="${OUT:?}" --compilation_cache="$DEVICE_DIR/cache" "$@"
    ;;
  *) echo "device_run.sh: COMMAND must be keep, unpack, smoke or train." >&2; exit 2 ;;
esac
