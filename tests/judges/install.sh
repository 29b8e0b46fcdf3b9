#!/bin/sh
# Installs the judges: Debian packages where this is Debian and we are root, and npm packages. What cannot be had is
# told, and the tests that need it skip and say so again. Postfix takes the place of any other mail server installed.
set -u
cd "$(dirname "$0")"

debian="postfix opendkim-tools libmail-dkim-perl libmail-spf-perl spf-tools-perl swaks libnet-dns-perl"
exim="exim4-daemon-light" # its package and Postfix' exclude each other, so it is unpacked where it is needed
node="20"                 # what the packages of npm ask for

tell() { echo "make judges: $*" >&2; }

lacking() { # those of the packages named that are not installed
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q "^ii" || echo "$package"
    done
}

install() {
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

fetch_exim() {
    mkdir -p packages
    (cd packages && apt-get download -qq "$exim" 2>/dev/null)
}

libraries_of_exim() {
    dpkg-deb -f packages/$exim*.deb Depends | tr "," "\n" | sed -n 's/^ *\(lib[^ ]*\).*/\1/p'
}

install_from_debian() {
    wanted=$(lacking $debian)
    command -v node >/dev/null || wanted="$wanted nodejs npm"
    command -v chromium >/dev/null || wanted="$wanted chromium"
    ls packages/$exim*.deb >/dev/null 2>&1 && have_exim=yes || have_exim=no
    [ -z "$wanted" ] && [ $have_exim = yes ] && [ -z "$(lacking $(libraries_of_exim))" ] && return
    apt-get update -qq >/dev/null || tell "the lists of Debian's packages could not be fetched"
    candidate=$(apt-cache policy nodejs | sed -n 's/^  Candidate: //p')
    dpkg --compare-versions "$candidate" ge $node || wanted=$(echo $wanted | sed 's/nodejs npm//')
    [ -z "$wanted" ] || install $wanted || tell "not all of Debian's judges could be installed"
    [ $have_exim = yes ] || fetch_exim || { tell "$exim could not be fetched" && return; }
    wanted=$(lacking $(libraries_of_exim))
    [ -z "$wanted" ] || install $wanted || tell "not all that $exim needs could be installed"
}

if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    install_from_debian
else
    tell "Debian's judges are not installed: that takes apt-get and root"
fi
if ! command -v npm >/dev/null; then
    tell "there is no npm to install judges with"
elif [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --no-audit --no-fund --ignore-scripts --silent || tell "the judges of npm could not be installed"
fi
exit 0
