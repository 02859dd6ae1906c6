# Functions that the scripts here share. Source it; do not run it.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# The tools are outside the work tree, so that the next fresh clone on this machine finds them.
tools=${CI_TOOLS:-$HOME/.cache/clients-api-ci}
logs=$root/target/ci
mkdir -p "$tools" "$logs"

# Last comes the Go for machines without one (.ci/install).
export PATH="$HOME/.cargo/bin:$tools/bin:$PATH:$tools/go/bin"
export SAM_CLI_TELEMETRY=0

# git, also in a clone that belongs to somebody else: in a container, root works in a mounted folder.
git_here() {
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$root" git "$@"
}

fail() { echo "error: $*" >&2; exit 1; }

# step HEADING COMMAND... : prints the heading, runs the command, prints its time. A failing command ends the
# script. Never write `step ... ||` or `if step ...`: bash would then ignore failures inside the command.
step() {
  local heading=$1 start=$SECONDS
  shift
  printf '\n=== %s\n' "$heading"
  "$@"
  printf -- '--- %s: %d s\n' "$heading" $((SECONDS - start))
}

# with_sam COMMAND... : runs the command with SAM, cargo-lambda and their Python first on the path.
with_sam() { PATH="$tools/sam/bin:$PATH" "$@"; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }

# at_exit COMMAND : runs the command when the script ends, the last one first.
cleanups=()
at_exit() { cleanups=("$1" "${cleanups[@]}"); }
run_cleanups() {
  local status=$? command
  trap - EXIT
  set +e
  for command in "${cleanups[@]}"; do eval "$command"; done
  exit "$status"
}
trap run_cleanups EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# stop PID : terminates the process; kills it after 15 s.
stop() {
  local pid=$1
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 75); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null
  return 0
}

# Starts DynamoDB Local on a free port; sets dynamodb_port.
start_dynamodb_local() {
  dynamodb_port=$(free_port)
  local log=$logs/dynamodb-local-$dynamodb_port.log pid
  scripts/dynamodb-local --port "$dynamodb_port" >"$log" 2>&1 </dev/null &
  pid=$!
  at_exit "stop $pid"
  # The first start fetches the jars, so this waits up to two minutes.
  for _ in $(seq 600); do
    grep -q '^DynamoDB Local answers' "$log" && return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  cat "$log" >&2
  fail "DynamoDB Local did not start"
}

# Builds the API and starts it on a free port, in memory, with the key API_KEY; sets port.
start_api() {
  port=$(free_port)
  local log=$logs/api-$port.log pid
  # As the tests build it, with which it then shares all it is made of.
  timeout 1800 cargo build --workspace --bins --tests --quiet
  "${CARGO_TARGET_DIR:-target}/debug/local" --in-memory --port "$port" --key "$API_KEY" >"$log" 2>&1 </dev/null &
  pid=$!
  at_exit "stop $pid"
  for _ in $(seq 150); do
    curl --silent --output /dev/null --max-time 5 "http://127.0.0.1:$port/" && return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  cat "$log" >&2
  fail "the API did not start"
}
