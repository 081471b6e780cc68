#!/bin/sh
# Installs one lock file into .venv, making .venv first where there is none.
#
#   sh tools/setup.sh requirements.txt|requirements-dev.txt
#
# A copy of each lock that has been installed stays inside .venv; equal copies mean there is nothing to do. The
# development lock holds every pin of the other one, so installing it counts for both.
set -eu

lock=$1
venv=.venv
stamps=$venv/installed

newest_enough='import sys; sys.exit(sys.version_info < (3, 11))'

find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$newest_enough" 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Constancia needs Python 3.11 or newer; none was found on PATH." >&2
    echo "  Debian 12, Ubuntu 24.04 or newer:  apt-get install python3 python3-venv" >&2
    echo "  macOS:                             brew install python@3.13" >&2
    echo "Installed elsewhere? Say where:      make setup PYTHON=/path/to/python3" >&2
    exit 1
}

# Debian and Ubuntu ship Python without the module that fills a virtual environment with pip.
bring_venv_module() {
    package=$("$1" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing $package (this Python has no venv module) ..."
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    else
        echo "This Python cannot make a virtual environment. On Debian or Ubuntu: apt-get install $package" >&2
        exit 1
    fi
}

installed() { cmp -s "$1" "$stamps/$1"; }

if ! installed "$lock" && ! "$venv/bin/python" -c "import pip; $newest_enough" 2>/dev/null; then
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || bring_venv_module "$python"
    "$python" -m venv --clear "$venv"
fi

if ! installed "$lock"; then
    echo "Installing $lock into $venv ..."
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$lock"
    mkdir -p "$stamps"
    cp requirements.txt "$stamps/"
    if [ "$lock" = requirements-dev.txt ]; then cp requirements-dev.txt "$stamps/"; fi
fi
