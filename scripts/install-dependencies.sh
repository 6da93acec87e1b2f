#!/usr/bin/env bash
# Installs the Debian packages that xling builds and runs on, and says which. Quick and silent
# when all are there. Needs Debian 12 or a relative of it, and root or sudo when some are missing.
set -euo pipefail

packages=(
  libopenblas-dev libdnnl-dev libicu-dev libssl-dev libfreetype-dev libharfbuzz-dev libjpeg62-turbo-dev
  libpng-dev zlib1g-dev libwebp-dev libarchive-dev libsqlite3-dev libtomlplusplus-dev
  unicode-cldr-core fonts-noto-color-emoji pkg-config make
)

die() {
  echo "install-dependencies: $1" >&2
  exit "$2"
}

check_swift() {
  command -v swift >/dev/null ||
    die "no 'swift' on PATH. Install Swift 6.1 or later (https://www.swift.org/install/linux/)." 66
  local line version
  line=$(swift --version 2>/dev/null | head -n 1 || true)
  version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$line")
  [ -n "$version" ] || die "cannot read a version in what 'swift --version' says: '$line'" 70
  local major=${version%%.*} minor=${version#*.}
  if ((major < 6 || (major == 6 && minor < 1))); then
    die "found Swift $version, need 6.1 or later (https://www.swift.org/install/linux/)." 66
  fi
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    # One query each: a package that dpkg has never heard of makes a joint query fail.
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      echo "$package"
  done
  # The checks of scripts/ need any python3, packaged or not.
  command -v python3 >/dev/null || echo python3
}

install_packages() {
  local sudo=()
  command -v apt-get >/dev/null ||
    die "missing: $*. There is no apt-get here; install their like by hand." 66
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      die "missing: $*. Neither root nor sudo here; as root: apt-get install $*" 66
    sudo=(sudo)
  fi
  echo "install-dependencies: installing $*" >&2
  # Lists may be empty in a fresh container; a first try without an update spares the wait.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends "$@" >/dev/null 2>&1 && return
  "${sudo[@]}" apt-get update -qq >&2 || die "apt-get update failed (see above)." 74
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends "$@" >&2 || die "apt-get install failed (see above): $*" 74
}

check_swift
command -v dpkg-query >/dev/null ||
  die "this is no Debian (no dpkg-query). Install the like of: ${packages[*]}, then build with \
'swift build -c release'." 66
mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then
  install_packages "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" = 0 ] || die "still missing after installation: ${missing[*]}" 74
  echo "install-dependencies: done" >&2
fi
