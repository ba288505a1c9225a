#!/bin/sh
# Removes old dumps, each folder by its own policy.
set -eu

root=${DUMPS:?where are the dumps}
while IFS=: read -r folder days; do
  case "$folder" in
    '#'* | '') continue ;;
  esac
  find "${root:?}/$folder" -type f -name '*.sql.gz' -mtime "+$days" -print0 |
    xargs -0 -r -n 50 rm -f --
done < /etc/dumps.policy

tmp=$(mktemp)
if pg_dump --format=custom inventory > "$tmp"; then
  mv "$tmp" "$root/inventory/$(date +%F).dump"
else
  rm -f "$tmp"
  exit 1
fi
