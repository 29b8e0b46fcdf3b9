#!/bin/sh
# Installs the judges: Debian packages where this is Debian and we are root, and npm packages. What cannot be had is
# told, and the tests that need it skip and say so again.
set -u
cd "$(dirname "$0")"

debian="postfix opendkim-tools libmail-dkim-perl libmail-spf-perl spf-tools-perl swaks libnet-dns-perl nodejs npm"
exim="exim4-daemon-light" # its package and Postfix' exclude each other, so it is unpacked where it is needed
exim_needs="libgnutls-dane0 libidn12 libpcre2-8-0 libdb5.3 libnsl2 libidn2-0"

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "make judges: Debian's judges are not installed: that takes apt-get and root" >&2
elif ! dpkg-query -W -f '${Status}\n' $debian $exim_needs 2>/dev/null | grep -qv "^install ok installed" \
    && [ "$(dpkg-query -W -f x $debian $exim_needs 2>/dev/null | wc -c)" -eq "$(echo $debian $exim_needs | wc -w)" ] \
    && ls packages/$exim*.deb >/dev/null 2>&1; then
    : # everything is there
else
    apt-get update -qq >/dev/null
    # Node.js may come from elsewhere, with an npm of its own, which Debian's would contradict.
    command -v npm >/dev/null && debian=$(echo "$debian" | sed 's/nodejs npm//')
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $debian $exim_needs >/dev/null \
        || echo "make judges: not all of Debian's judges could be installed" >&2
    mkdir -p packages
    (cd packages && apt-get download -qq $exim 2>/dev/null) || echo "make judges: $exim could not be fetched" >&2
fi

if command -v npm >/dev/null; then
    [ node_modules/.package-lock.json -nt package-lock.json ] \
        || npm ci --no-audit --no-fund --ignore-scripts --silent \
        || echo "make judges: the judges of npm could not be installed" >&2
else
    echo "make judges: there is no npm for mailauth and mailparser" >&2
fi
