#!/bin/sh
# Start a server of the API, judge it by what becomes of its mail, and end it; for use within a lab.
#
#     justemails lab --zone FOLDER/zone -- sh judge.sh FOLDER none
#     justemails lab --zone FOLDER/zone -- sh judge.sh FOLDER unsigned --target target.toml
#
# Leaves FOLDER/FAULT.json. Ends with the verdict's exit code. Wants $PYTHON, and the project's folder as the current one.
folder=$1 fault=$2
shift 2
key=je_live_$fault
ready=$folder/$fault.ready
mkfifo "$ready"
"$PYTHON" -m tests.conformance.broken_mta --fault "$fault" --port 0 --key "$key" --dkim-key "$folder/key.pem" >"$ready" &
server=$!
read -r _ base_url <"$ready"
"$(dirname "$PYTHON")/justemails" conform "$base_url" --key "$key" --from hello@yourdomain.com --profile delivery \
    --json "$folder/$fault.json" "$@" >"$folder/$fault.txt"
code=$?
kill "$server"
wait "$server"
exit $code
