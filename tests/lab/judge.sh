#!/bin/sh
# Start a server of the API, judge it by what becomes of its mail, and end it; for use within a lab.
#
#     justemails lab --zone FOLDER/zone -- tests/lab/judge.sh PYTHON FOLDER FAULT [OPTION...]
#
# PYTHON has the project, FOLDER has key.pem and gets FAULT.json, FAULT is one of broken_mta's or none. The exit code is
# the verdict's.
cd "$(dirname "$0")/../.." || exit
python=$1 folder=$2 fault=$3
shift 3
key=je_live_$fault
program=broken_mta
if [ "$fault" = none ]; then program=micro_mta; fi

mkfifo "$folder/$fault.ready"
"$python" -m "tests.conformance.$program" --fault "$fault" --port 0 --key "$key" --dkim-key "$folder/key.pem" \
    >"$folder/$fault.ready" &
server=$!
read -r _ base_url <"$folder/$fault.ready"
"${python%/*}/justemails" conform "$base_url" --key "$key" --from hello@yourdomain.com --profile delivery \
    --json "$folder/$fault.json" "$@"
code=$?
kill "$server"
wait "$server"
exit $code
