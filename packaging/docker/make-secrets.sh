#!/bin/sh
# Passwords for docker-compose.yml, made anew, in data/secrets (or the folder that is named). Nothing there is overwritten.
set -eu
umask 077
folder=${1:-$(dirname "$0")/../../data/secrets}
mkdir -p "$folder"
# Only this user comes into the folder; inside, the containers' own users must be able to read.
chmod 700 "$folder"
for name in clickhouse-password postgres-password; do
  [ -e "$folder/$name" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$folder/$name"
done
if [ ! -e "$folder/clickhouse-users.xml" ]; then
  hash=$(tr -d '\n' <"$folder/clickhouse-password" | sha256sum | cut -d ' ' -f 1)
  cat >"$folder/clickhouse-users.xml" <<XML
<clickhouse>
  <users>
    <default remove="remove"/>
    <fournines>
      <password_sha256_hex>$hash</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </fournines>
  </users>
</clickhouse>
XML
fi
chmod 644 "$folder"/*
