#!/usr/bin/env bash
# Installs the engines that tests check against: xmlsec1 (second XML signature implementation), a JDK (third), Node.js
# (another language's client), faketime (another year), sqlite3 (backups as documented), Ceph (a real S3 store), PostgreSQL,
# nginx (in front of several nodes), iproute2 (hosts made of namespaces), promtool (alert rules), systemd-analyze (units). Where apt
# may not be used, tests skip an absent engine by name; with CI=true that fails.
set -euo pipefail

declare -A package=([xmlsec1]=xmlsec1 [javac]=openjdk-17-jdk-headless [node]=nodejs [npm]=npm [openssl]=openssl [sqlite3]=sqlite3
  [faketime]=faketime [ceph-mon]=ceph-mon [ceph-osd]=ceph-osd [radosgw]=radosgw [ceph]=ceph-common [pg_ctlcluster]=postgresql
  [nginx]=libnginx-mod-stream [ip]=iproute2 [promtool]=prometheus [systemd-analyze]=systemd)
missing=()
for tool in "${!package[@]}"; do
  command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing for the tests: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && exit 0
fi
echo "not installed: ${missing[*]} (as root: apt-get install ${missing[*]}); tests that need them are skipped by name"
[ "${CI:-}" != true ]
