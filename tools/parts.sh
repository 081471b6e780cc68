#!/bin/sh
# Brings in the system programs that parts of the test suite need: a browser, PostgreSQL, poppler's tools, dovecot.
# As root where there is apt-get it installs what is missing; elsewhere it says what will be skipped, and why.
# SeaweedFS (the S3 store) is not here: it comes with requirements-dev.txt.
# PostgreSQL, dovecot and clamd come with services of the machine's own; tests start theirs by hand and need none of those.
# While it installs nothing is started (Debian's policy-rc.d, unless there is one already), and what would be at the next
# start of the machine is named.
set -eu

missing=''
need() { missing="$missing $1"; }

has() { command -v "$1" >/dev/null 2>&1; }
has_postgresql() { has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }

look() {
    missing=''
    has chromium || has chromium-browser || has google-chrome || need chromium
    has_postgresql || need postgresql
    has pdftotext || need poppler-utils
    has certutil || need libnss3-tools
    has softhsm2-util || need softhsm2
    has dovecot || need dovecot-imapd
    has age || need age
    has clamd || [ -x /usr/sbin/clamd ] || need clamav-daemon
    has tesseract || need tesseract-ocr
    [ -e /usr/share/tesseract-ocr/5/tessdata/spa.traineddata ] || need tesseract-ocr-spa
    has go || need golang-go
    [ -d /usr/share/gocode/src/golang.org/x/mod ] || need golang-golang-x-mod-dev
}

reason() {
    case $1 in
        chromium) echo "tests marked 'browser' (no chromium on PATH)" ;;
        postgresql) echo "tests marked 'postgresql' (no initdb on PATH nor under /usr/lib/postgresql)" ;;
        golang-*) echo "the second implementation of proofs, in Go (no go on PATH, or without Debian's golang.org/x/mod)" ;;
        libnss3-tools) echo "the test in which pdfsig judges our signatures (no certutil on PATH)" ;;
        softhsm2) echo "the test of a seal in a PKCS #11 token (no softhsm2-util on PATH)" ;;
        clamav-daemon) echo "the test in which a real antivirus judges files (no clamd)" ;;
        tesseract-*) echo "the tests in which pictures are read for passwords (no tesseract, or without its Spanish)" ;;
        age) echo "the test in which age opens the keys of a backup (no age on PATH)" ;;
        dovecot-imapd) echo "tests of the mailbox on a real IMAP server (no dovecot on PATH)" ;;
        poppler-utils) echo "tests that read our PDFs with an independent program (no pdftotext on PATH)" ;;
    esac
}

policy=/usr/sbin/policy-rc.d
ours=''
hold_services() {
    [ ! -e "$policy" ] || return 0
    ours=yes
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

let_services() {
    [ -z "$ours" ] || rm -f "$policy"
    for package in $1; do
        case $package in
            postgresql) echo "postgresql was not started, but is at the next boot; if you do not want that: systemctl disable postgresql" ;;
            dovecot-imapd) echo "dovecot was not started, but is at the next boot; if you do not want that: systemctl disable dovecot" ;;
            clamav-daemon) echo "clamd and freshclam (which fetches signatures) were not started, but are at the next boot; if you do not want that: systemctl disable clamav-daemon clamav-freshclam" ;;
        esac
    done
}

look
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && has apt-get; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq; then
        hold_services
        for package in $missing; do
            apt-get install -y -qq --no-install-recommends "$package" >/dev/null || echo "apt-get could not install $package" >&2
        done
        [ ! -d /run/systemd/system ] || let_services "$missing"
    else
        echo "apt-get update failed; nothing was installed" >&2
    fi
    look
fi

for package in $missing; do
    echo "Will be skipped: $(reason "$package"). To run them, install $package."
done
